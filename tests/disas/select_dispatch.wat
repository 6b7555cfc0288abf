;; A machine in the guest: a select that gives its program counter is a branch; others are moves, in
;; the machine's loop too.
(module
  (memory 1)
  (func $machine (param $pc i32) (result i32) (local $op i32) (local $x i32)
    loop $next
      local.get $pc
      i32.load8_u
      local.set $op
      local.get $pc
      i32.const 1
      i32.add
      local.set $pc
      block $stop
        block $jump
          block $min
            local.get $op
            br_table $min $jump $stop
          end
          local.get $x
          local.get $op
          local.get $x
          local.get $op
          i32.lt_u
          select
          local.set $x
          br $next
        end
        local.get $pc
        local.get $x
        local.get $op
        i32.load
        select
        local.set $pc
        br $next
      end
    end
    local.get $x)

  (func $search (param $at i32) (param $half i32) (param $key i32) (result i32)
    loop $next
      local.get $at
      local.get $half
      i32.add
      local.get $at
      local.get $at
      local.get $half
      i32.add
      i32.load
      local.get $key
      i32.lt_u
      select
      local.set $at
      local.get $half
      i32.const 1
      i32.shr_u
      local.tee $half
      br_if $next
    end
    local.get $at)

  (type $instruction (func (param i32) (result i32)))
  (table 8 funcref)
  (func $jump_unless (type $instruction) (local $pc i32)
    local.get 0
    i32.const 8
    i32.add
    local.get 0
    i32.load offset=4
    local.get 0
    i32.load
    select
    local.tee $pc
    local.get $pc
    i32.load8_u
    return_call_indirect (type $instruction)))

;;> --code machine --cpu all
;; (func $machine (;0;) (type $instruction) (param $pc i32) (result i32)
;;   104 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i32): rdi
;;   local 1 (i32): r8
;;   local 2 (i32): r9
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  mov edi, edi
;;       10  xor r8d, r8d
;;       13  xor r9d, r9d
;; 000030  loop $next  ;; no code
;; 000032    local.get $pc  ;; no code
;; 000034    i32.load8_u
;;       16  movzx r8d, byte ptr [r15 + rdi]
;; 000037    local.set $op  ;; no code
;; 000039    local.get $pc  ;; no code
;; 00003b    i32.const 1  ;; no code
;; 00003d    i32.add
;;       1b  add edi, 1
;; 00003e    local.set $pc  ;; no code
;; 000040    block $stop  ;; no code
;; 000042      block $jump  ;; no code
;; 000044        block $min  ;; no code
;; 000046          local.get $op  ;; no code
;; 000048          br_table $min $jump $stop
;;       1e  mov r11d, 2
;;       24  cmp r8d, r11d
;;       27  cmovb r11d, r8d
;;       2b  lea rax, [rip + 0x2a]
;;       32  movsxd r11, dword ptr [rax + r11*4]
;;       36  add r11, rax
;;       39  jmp r11
;; 00004d        end  ;; no code
;; 00004e        local.get $x  ;; no code
;; 000050        local.get $op  ;; no code
;; 000052        local.get $x  ;; no code
;; 000054        local.get $op  ;; no code
;; 000056        i32.lt_u
;;       3c  cmp r9d, r8d
;; 000057        select
;;       3f  cmovae r9d, r8d
;; 000058        local.set $x  ;; no code
;; 00005a        br $next
;;       43  jmp 0x16
;; 00005c      end  ;; no code
;; 00005d      local.get $pc  ;; no code
;; 00005f      local.get $x  ;; no code
;; 000061      local.get $op  ;; no code
;; 000063      i32.load
;;       45  mov eax, dword ptr [r15 + r8]
;; 000066      select
;;       49  test eax, eax
;;       4b  jne 0x54
;;       51  mov edi, r9d
;; 000067      local.set $pc  ;; no code
;; 000069      br $next
;;       54  jmp 0x16
;; 00006b    end  ;; no code
;; 00006c  end  ;; no code
;; 00006d  local.get $x  ;; no code
;; 00006f  end
;;       56  mov eax, r9d
;;       59  leave
;;       5a  ret
;;       5b  int3
;; jump table
;;       5c  .byte 0xe0, 0xff, 0xff, 0xff
;;       60  .byte 0xe9, 0xff, 0xff, 0xff
;;       64  .byte 0xfa, 0xff, 0xff, 0xff

;;> --code search --cpu all
;; (func $search (;1;) (type 1) (param $at i32) (param $half i32) (param $key i32) (result i32)
;;   54 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i32): rdi
;;   local 1 (i32): r8
;;   local 2 (i32): r9
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  mov edi, edi
;;       10  mov esi, esi
;;       12  mov edx, edx
;;       14  mov r8, rsi
;;       17  mov r9, rdx
;; 000072  loop $next  ;; no code
;; 000074    local.get $at  ;; no code
;; 000076    local.get $half  ;; no code
;; 000078    i32.add
;;       1a  lea eax, [rdi + r8]
;; 000079    local.get $at  ;; no code
;; 00007b    local.get $at  ;; no code
;; 00007d    local.get $half  ;; no code
;; 00007f    i32.add
;;       1e  lea ecx, [rdi + r8]
;; 000080    i32.load  ;; no code
;; 000083    local.get $key  ;; no code
;; 000085    i32.lt_u
;;       22  cmp dword ptr [r15 + rcx], r9d
;; 000086    select
;;       26  cmovb edi, eax
;; 000087    local.set $at  ;; no code
;; 000089    local.get $half  ;; no code
;; 00008b    i32.const 1  ;; no code
;; 00008d    i32.shr_u
;;       29  shr r8d, 1
;; 00008e    local.tee $half  ;; no code
;; 000090    br_if $next
;;       2d  test r8d, r8d
;;       30  jne 0x1a
;; 000092  end  ;; no code
;; 000093  local.get $at  ;; no code
;; 000095  end
;;       32  mov eax, edi
;;       34  leave
;;       35  ret

;;> --code jump_unless --cpu all
;; (func $jump_unless (;2;) (type $instruction) (param i32) (result i32)
;;   150 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i32): rdi
;;   local 1 (i32): r8
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  mov edi, edi
;;       10  xor r8d, r8d
;; 00009a  local.get 0  ;; no code
;; 00009c  i32.const 8  ;; no code
;; 00009e  i32.add
;;       13  lea eax, [rdi + 8]
;; 00009f  local.get 0  ;; no code
;; 0000a1  i32.load offset=4
;;       16  mov ecx, dword ptr [r15 + rdi + 4]
;; 0000a4  local.get 0  ;; no code
;; 0000a6  i32.load
;;       1b  mov edx, dword ptr [r15 + rdi]
;; 0000a9  select
;;       1f  test edx, edx
;;       21  jne 0x29
;;       27  mov eax, ecx
;; 0000aa  local.tee $pc
;;       29  mov r8d, eax
;; 0000ac  local.get $pc  ;; no code
;; 0000ae  i32.load8_u
;;       2c  movzx eax, byte ptr [r15 + r8]
;; 0000b1  return_call_indirect (type $instruction) (param i32) (result i32)
;;       31  mov eax, eax
;;       33  mov r11, qword ptr [r13 + 0x10]  ; table0
;;       37  cmp rax, qword ptr [r11 + 8]
;;       3b  jae 0x87
;;       41  cmovae rax, qword ptr [r13 + 0x48]
;;       46  mov r11, qword ptr [r11]
;;       49  mov rax, qword ptr [r11 + rax*8]
;;       4d  test rax, rax
;;       50  je 0x8c
;;       56  cmp dword ptr [rax], 0
;;       5c  jne 0x91
;;       62  mov rdi, r8
;;       65  leave
;;       66  mov r11, qword ptr [rax + 8]
;;       6a  cmp r11, r13
;;       6d  je 0x7c
;;       73  test r11, r11
;;       76  jne 0x7f
;;       7c  jmp qword ptr [rax + 0x18]
;;       7f  mov r11, qword ptr [r13 + 0x40]  ; entries
;;       83  jmp qword ptr [r11 + 0x10]
;; 0000b4  end  ;; no code
;; 0000b1  trap: undefined element
;;       87  call qword ptr [r13 + 0x30]  ; trap_entry
;;       8b  .byte 0x04  ; undefined element
;; 0000b1  trap: uninitialized element
;;       8c  call qword ptr [r13 + 0x30]  ; trap_entry
;;       90  .byte 0x05  ; uninitialized element
;; 0000b1  trap: indirect call type mismatch
;;       91  call qword ptr [r13 + 0x30]  ; trap_entry
;;       95  .byte 0x06  ; indirect call type mismatch
