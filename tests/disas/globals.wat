;; Globals of the module stand behind the instance's record; imported ones are a pointer away.
(module
  (import "env" "base" (global $base i64))
  (global $count (mut i32) (i32.const 0))
  (func $next (result i64)
    global.get $count
    i32.const 1
    i32.add
    global.set $count
    global.get $base
    global.get $count
    i64.extend_i32_u
    i64.add))

;;> --code next --cpu all
;; (func $next (;0;) (type 0) (result i64)
;;   53 bytes of x86-64 code, frame of 16 bytes
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;; 00002f  global.get $count
;;        e  mov eax, dword ptr [r13 + 0xa0]  ; global[1]
;; 000031  i32.const 1  ;; no code
;; 000033  i32.add
;;       15  add eax, 1
;; 000034  global.set $count
;;       18  mov dword ptr [r13 + 0xa0], eax  ; global[1]
;; 000036  global.get $base
;;       1f  mov r11, qword ptr [r13 + 0x60]  ; globals
;;       23  mov r11, qword ptr [r11]
;;       26  mov rax, qword ptr [r11]
;; 000038  global.get $count
;;       29  mov ecx, dword ptr [r13 + 0xa0]  ; global[1]
;; 00003a  i64.extend_i32_u  ;; no code
;; 00003b  i64.add
;;       30  add rax, rcx
;; 00003c  end
;;       33  leave
;;       34  ret
