;; Where the processor has BMI2 and AVX, shifts need no rcx and vectors three operands; elsewhere they do.
(module
  (func $shift (param i32 i32) (result i32)
    local.get 0
    local.get 1
    i32.shl)
  (func $count (param i64) (result i64)
    local.get 0
    i64.clz
    local.get 0
    i64.ctz
    i64.add)
  (func $fma (param f64 f64 f64) (result f64)
    local.get 0
    local.get 1
    f64.mul
    local.get 2
    f64.add)
  (func $vector (param v128 v128) (result v128)
    local.get 0
    local.get 1
    i32x4.add
    local.get 1
    i32x4.mul))

;;> --code shift --cpu all
;; (func $shift (;0;) (type 0) (param i32 i32) (result i32)
;;   28 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i32): rdi
;;   local 1 (i32): r8
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  mov edi, edi
;;       10  mov esi, esi
;;       12  mov r8, rsi
;; 00002f  local.get 0  ;; no code
;; 000031  local.get 1  ;; no code
;; 000033  i32.shl
;;       15  shlx eax, edi, r8d
;; 000034  end
;;       1a  leave
;;       1b  ret

;;> --code shift --cpu all,-avx,-avx2,-fma,-bmi,-bmi2,-lzcnt
;; (func $shift (;0;) (type 0) (param i32 i32) (result i32)
;;   30 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i32): rdi
;;   local 1 (i32): r8
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  mov edi, edi
;;       10  mov esi, esi
;;       12  mov r8, rsi
;; 00002f  local.get 0  ;; no code
;; 000031  local.get 1  ;; no code
;; 000033  i32.shl
;;       15  mov ecx, r8d
;;       18  mov eax, edi
;;       1a  shl eax, cl
;; 000034  end
;;       1c  leave
;;       1d  ret

;;> --code count --cpu all
;; (func $count (;1;) (type 1) (param i64) (result i64)
;;   29 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i64): rdi
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;; 000037  local.get 0  ;; no code
;; 000039  i64.clz
;;        e  lzcnt rax, rdi
;; 00003a  local.get 0  ;; no code
;; 00003c  i64.ctz
;;       13  tzcnt rcx, rdi
;; 00003d  i64.add
;;       18  add rax, rcx
;; 00003e  end
;;       1b  leave
;;       1c  ret

;;> --code count --cpu all,-avx,-avx2,-fma,-bmi,-bmi2,-lzcnt
;; (func $count (;1;) (type 1) (param i64) (result i64)
;;   50 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i64): rdi
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;; 000037  local.get 0  ;; no code
;; 000039  i64.clz
;;        e  mov r11d, 0x7f
;;       14  bsr rax, rdi
;;       18  cmove rax, r11
;;       1c  xor eax, 0x3f
;; 00003a  local.get 0  ;; no code
;; 00003c  i64.ctz
;;       1f  mov r11d, 0x40
;;       25  bsf rcx, rdi
;;       29  cmove rcx, r11
;; 00003d  i64.add
;;       2d  add rax, rcx
;; 00003e  end
;;       30  leave
;;       31  ret

;;> --code fma --cpu all
;; (func $fma (;2;) (type 2) (param f64 f64 f64) (result f64)
;;   37 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (f64): xmm6
;;   local 1 (f64): xmm7
;;   local 2 (f64): xmm8
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  vmovaps xmm6, xmm0
;;       12  vmovaps xmm7, xmm1
;;       16  vmovaps xmm8, xmm2
;; 000041  local.get 0  ;; no code
;; 000043  local.get 1  ;; no code
;; 000045  f64.mul
;;       1a  vmulsd xmm0, xmm6, xmm7
;; 000046  local.get 2  ;; no code
;; 000048  f64.add
;;       1e  vaddsd xmm0, xmm0, xmm8
;; 000049  end
;;       23  leave
;;       24  ret

;;> --code fma --cpu all,-avx,-avx2,-fma,-bmi,-bmi2,-lzcnt
;; (func $fma (;2;) (type 2) (param f64 f64 f64) (result f64)
;;   38 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (f64): xmm6
;;   local 1 (f64): xmm7
;;   local 2 (f64): xmm8
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  movaps xmm6, xmm0
;;       11  movaps xmm7, xmm1
;;       14  movaps xmm8, xmm2
;; 000041  local.get 0  ;; no code
;; 000043  local.get 1  ;; no code
;; 000045  f64.mul
;;       18  movaps xmm0, xmm6
;;       1b  mulsd xmm0, xmm7
;; 000046  local.get 2  ;; no code
;; 000048  f64.add
;;       1f  addsd xmm0, xmm8
;; 000049  end
;;       24  leave
;;       25  ret

;;> --code vector --cpu all
;; (func $vector (;3;) (type 3) (param v128 v128) (result v128)
;;   33 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (v128): xmm7
;;   local 1 (v128): xmm6
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  vmovaps xmm7, xmm0
;;       12  vmovaps xmm6, xmm1
;; 00004c  local.get 0  ;; no code
;; 00004e  local.get 1  ;; no code
;; 000050  i32x4.add
;;       16  vpaddd xmm0, xmm7, xmm6
;; 000053  local.get 1  ;; no code
;; 000055  i32x4.mul
;;       1a  vpmulld xmm0, xmm0, xmm6
;; 000058  end
;;       1f  leave
;;       20  ret

;;> --code vector --cpu all,-avx,-avx2,-fma,-bmi,-bmi2,-lzcnt
;; (func $vector (;3;) (type 3) (param v128 v128) (result v128)
;;   34 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (v128): xmm7
;;   local 1 (v128): xmm6
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  movaps xmm7, xmm0
;;       11  movaps xmm6, xmm1
;; 00004c  local.get 0  ;; no code
;; 00004e  local.get 1  ;; no code
;; 000050  i32x4.add
;;       14  movaps xmm0, xmm7
;;       17  paddd xmm0, xmm6
;; 000053  local.get 1  ;; no code
;; 000055  i32x4.mul
;;       1b  pmulld xmm0, xmm6
;; 000058  end
;;       20  leave
;;       21  ret
