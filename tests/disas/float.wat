;; Comparisons of floats know of NaN; constants stand behind the code; old processors use two operands.
(module
  (func $is_less (param f64 f64) (result i32)
    local.get 0
    local.get 1
    f64.lt)
  (func $branch (param f32 f32) (result f32)
    local.get 0
    local.get 1
    f32.eq
    if (result f32)
      f32.const 0.5
    else
      local.get 0
      local.get 1
      f32.add
    end)
  (func $minimum (param f64 f64) (result f64)
    local.get 0
    local.get 1
    f64.min)
  (func $truncate (param f64) (result i32)
    local.get 0
    i32.trunc_f64_s))

;;> --code is_less --cpu all
;; (func $is_less (;0;) (type 0) (param f64 f64) (result i32)
;;   34 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (f64): xmm6
;;   local 1 (f64): xmm7
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  vmovaps xmm6, xmm0
;;       12  vmovaps xmm7, xmm1
;; 00002e  local.get 0  ;; no code
;; 000030  local.get 1  ;; no code
;; 000032  f64.lt
;;       16  vucomisd xmm7, xmm6
;; 000033  end
;;       1a  seta al
;;       1d  movzx eax, al
;;       20  leave
;;       21  ret

;;> --code branch --cpu all
;; (func $branch (;1;) (type 1) (param f32 f32) (result f32)
;;   64 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (f32): xmm6
;;   local 1 (f32): xmm7
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  vmovaps xmm6, xmm0
;;       12  vmovaps xmm7, xmm1
;; 000036  local.get 0  ;; no code
;; 000038  local.get 1  ;; no code
;; 00003a  f32.eq
;;       16  vucomiss xmm6, xmm7
;; 00003b  if (result f32)
;;       1a  jp 0x33
;;       20  jne 0x33
;; 00003d    f32.const 0.5  ;; no code
;; 000042  else
;;       26  vmovss xmm0, dword ptr [rip + 0xe]
;;       2e  jmp 0x37
;; 000043    local.get 0  ;; no code
;; 000045    local.get 1  ;; no code
;; 000047    f32.add
;;       33  vaddss xmm0, xmm6, xmm7
;; 000048  end  ;; no code
;; 000049  end
;;       37  leave
;;       38  ret
;;       39  int3
;;       3a  int3
;;       3b  int3
;; constant
;;       3c  .byte 0x00, 0x00, 0x00, 0x3f

;;> --code branch --cpu all,-avx,-avx2,-fma,-bmi,-bmi2,-lzcnt
;; (func $branch (;1;) (type 1) (param f32 f32) (result f32)
;;   64 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (f32): xmm6
;;   local 1 (f32): xmm7
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  movaps xmm6, xmm0
;;       11  movaps xmm7, xmm1
;; 000036  local.get 0  ;; no code
;; 000038  local.get 1  ;; no code
;; 00003a  f32.eq
;;       14  ucomiss xmm6, xmm7
;; 00003b  if (result f32)
;;       17  jp 0x30
;;       1d  jne 0x30
;; 00003d    f32.const 0.5  ;; no code
;; 000042  else
;;       23  movss xmm0, dword ptr [rip + 0x11]
;;       2b  jmp 0x37
;; 000043    local.get 0  ;; no code
;; 000045    local.get 1  ;; no code
;; 000047    f32.add
;;       30  movaps xmm0, xmm6
;;       33  addss xmm0, xmm7
;; 000048  end  ;; no code
;; 000049  end
;;       37  leave
;;       38  ret
;;       39  int3
;;       3a  int3
;;       3b  int3
;; constant
;;       3c  .byte 0x00, 0x00, 0x00, 0x3f

;;> --code minimum --cpu all
;; (func $minimum (;2;) (type 2) (param f64 f64) (result f64)
;;   66 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (f64): xmm6
;;   local 1 (f64): xmm7
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  vmovaps xmm6, xmm0
;;       12  vmovaps xmm7, xmm1
;; 00004c  local.get 0  ;; no code
;; 00004e  local.get 1  ;; no code
;; 000050  f64.min
;;       16  vmovaps xmm0, xmm6
;;       1a  vucomisd xmm0, xmm7
;;       1e  jne 0x3c
;;       24  jp 0x33
;;       2a  vorps xmm0, xmm0, xmm7
;;       2e  jmp 0x40
;;       33  vaddsd xmm0, xmm0, xmm7
;;       37  jmp 0x40
;;       3c  vminsd xmm0, xmm0, xmm7
;; 000051  end
;;       40  leave
;;       41  ret

;;> --code truncate --cpu all
;; (func $truncate (;3;) (type 3) (param f64) (result i32)
;;   59 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (f64): xmm6
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  vmovaps xmm6, xmm0
;; 000054  local.get 0  ;; no code
;; 000056  i32.trunc_f64_s
;;       12  vcvttsd2si rax, xmm6
;;       17  movsxd r11, eax
;;       1a  cmp r11, rax
;;       1d  jne 0x27
;;       23  mov eax, eax
;; 000057  end
;;       25  leave
;;       26  ret
;; 000056  slow path
;;       27  vucomisd xmm6, xmm6
;;       2b  jp 0x36
;;       31  call qword ptr [r13 + 0x30]  ; trap_entry
;;       35  .byte 0x10  ; integer overflow
;; 000056  slow path
;;       36  call qword ptr [r13 + 0x30]  ; trap_entry
;;       3a  .byte 0x11  ; invalid conversion to integer
