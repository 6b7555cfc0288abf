;; A jump through a table of distances; what is beyond it goes to the default.
(module
  (func $choose (param i32) (result i32)
    block $default
      block $two
        block $one
          block $zero
            local.get 0
            br_table $zero $one $two $zero $default
          end
          i32.const 10
          return
        end
        i32.const 20
        return
      end
      i32.const 30
      return
    end
    i32.const 40))

;;> --code choose --cpu all
;; (func $choose (;0;) (type 0) (param i32) (result i32)
;;   96 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i32): rdi
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  mov edi, edi
;; 000019  block $default  ;; no code
;; 00001b    block $two  ;; no code
;; 00001d      block $one  ;; no code
;; 00001f        block $zero  ;; no code
;; 000021          local.get 0  ;; no code
;; 000023          br_table $zero $one $two $zero $default
;;       10  mov r11d, 4
;;       16  cmp edi, r11d
;;       19  cmovb r11d, edi
;;       1d  lea rax, [rip + 0x28]
;;       24  movsxd r11, dword ptr [rax + r11*4]
;;       28  add r11, rax
;;       2b  jmp r11
;; 00002a        end  ;; no code
;; 00002b        i32.const 10  ;; no code
;; 00002d        return
;;       2e  mov eax, 0xa
;;       33  leave
;;       34  ret
;; 00002e      end  ;; no code
;; 00002f      i32.const 20  ;; no code
;; 000031      return
;;       35  mov eax, 0x14
;;       3a  leave
;;       3b  ret
;; 000032    end  ;; no code
;; 000033    i32.const 30  ;; no code
;; 000035    return
;;       3c  mov eax, 0x1e
;;       41  leave
;;       42  ret
;; 000036  end  ;; no code
;; 000037  i32.const 40  ;; no code
;; 000039  end
;;       43  mov eax, 0x28
;;       48  leave
;;       49  ret
;;       4a  int3
;;       4b  int3
;; jump table
;;       4c  .byte 0xe2, 0xff, 0xff, 0xff
;;       50  .byte 0xe9, 0xff, 0xff, 0xff
;;       54  .byte 0xf0, 0xff, 0xff, 0xff
;;       58  .byte 0xe2, 0xff, 0xff, 0xff
;;       5c  .byte 0xf7, 0xff, 0xff, 0xff
