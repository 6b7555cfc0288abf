// Opcodes of vector instructions, by their names in the Intel SDM volume 2, without the `v` of
// their VEX forms. Lanes: b w d q are 8 to 64 bits, ps and pd floats of 32 and 64.
#pragma once

#include "native/x64/assembler.h"

namespace nacre::native::x64 {

// ---- moves, constants
inline constexpr Opcode kMovaps{0, 1, 0x28}, kMovddup{0xF2, 1, 0x12}, kMovsd{0xF2, 1, 0x10};
inline constexpr Opcode kBroadcastss{0x66, 2, 0x18};                             // AVX, from memory
inline constexpr Opcode kBroadcastb{0x66, 2, 0x78}, kBroadcastw{0x66, 2, 0x79};  // AVX2
inline constexpr Opcode kMovmskps{0, 1, 0x50}, kMovmskpd{0x66, 1, 0x50}, kPmovmskb{0x66, 1, 0xD7};

// ---- bits
inline constexpr Opcode kPand{0x66, 1, 0xDB}, kPandn{0x66, 1, 0xDF}, kPor{0x66, 1, 0xEB};
inline constexpr Opcode kPxor{0x66, 1, 0xEF}, kPtest{0x66, 2, 0x17};

// ---- integer lanes
inline constexpr Opcode kPaddb{0x66, 1, 0xFC}, kPaddw{0x66, 1, 0xFD}, kPaddd{0x66, 1, 0xFE};
inline constexpr Opcode kPaddq{0x66, 1, 0xD4};
inline constexpr Opcode kPsubb{0x66, 1, 0xF8}, kPsubw{0x66, 1, 0xF9}, kPsubd{0x66, 1, 0xFA};
inline constexpr Opcode kPsubq{0x66, 1, 0xFB};
inline constexpr Opcode kPaddsb{0x66, 1, 0xEC}, kPaddsw{0x66, 1, 0xED};
inline constexpr Opcode kPaddusb{0x66, 1, 0xDC}, kPaddusw{0x66, 1, 0xDD};
inline constexpr Opcode kPsubsb{0x66, 1, 0xE8}, kPsubsw{0x66, 1, 0xE9};
inline constexpr Opcode kPsubusb{0x66, 1, 0xD8}, kPsubusw{0x66, 1, 0xD9};
inline constexpr Opcode kPavgb{0x66, 1, 0xE0}, kPavgw{0x66, 1, 0xE3};
inline constexpr Opcode kPminsb{0x66, 2, 0x38}, kPminsw{0x66, 1, 0xEA}, kPminsd{0x66, 2, 0x39};
inline constexpr Opcode kPminub{0x66, 1, 0xDA}, kPminuw{0x66, 2, 0x3A}, kPminud{0x66, 2, 0x3B};
inline constexpr Opcode kPmaxsb{0x66, 2, 0x3C}, kPmaxsw{0x66, 1, 0xEE}, kPmaxsd{0x66, 2, 0x3D};
inline constexpr Opcode kPmaxub{0x66, 1, 0xDE}, kPmaxuw{0x66, 2, 0x3E}, kPmaxud{0x66, 2, 0x3F};
inline constexpr Opcode kPabsb{0x66, 2, 0x1C}, kPabsw{0x66, 2, 0x1D}, kPabsd{0x66, 2, 0x1E};
inline constexpr Opcode kPcmpeqb{0x66, 1, 0x74}, kPcmpeqw{0x66, 1, 0x75}, kPcmpeqd{0x66, 1, 0x76};
inline constexpr Opcode kPcmpeqq{0x66, 2, 0x29};
inline constexpr Opcode kPcmpgtb{0x66, 1, 0x64}, kPcmpgtw{0x66, 1, 0x65}, kPcmpgtd{0x66, 1, 0x66};
inline constexpr Opcode kPcmpgtq{0x66, 2, 0x37};
inline constexpr Opcode kPmullw{0x66, 1, 0xD5}, kPmulhw{0x66, 1, 0xE5}, kPmulhuw{0x66, 1, 0xE4};
inline constexpr Opcode kPmulld{0x66, 2, 0x40}, kPmuldq{0x66, 2, 0x28}, kPmuludq{0x66, 1, 0xF4};
inline constexpr Opcode kPmulhrsw{0x66, 2, 0x0B}, kPmaddwd{0x66, 1, 0xF5};
inline constexpr Opcode kPmaddubsw{0x66, 2, 0x04};  // the first operand's lanes are unsigned

// ---- shifts: by the low half of a register; by an immediate, with a digit
struct VectorShift {
  Opcode by_register;
  Opcode by_immediate;
  uint8_t digit;
};
inline constexpr VectorShift kPsllw{{0x66, 1, 0xF1}, {0x66, 1, 0x71}, 6};
inline constexpr VectorShift kPslld{{0x66, 1, 0xF2}, {0x66, 1, 0x72}, 6};
inline constexpr VectorShift kPsllq{{0x66, 1, 0xF3}, {0x66, 1, 0x73}, 6};
inline constexpr VectorShift kPsrlw{{0x66, 1, 0xD1}, {0x66, 1, 0x71}, 2};
inline constexpr VectorShift kPsrld{{0x66, 1, 0xD2}, {0x66, 1, 0x72}, 2};
inline constexpr VectorShift kPsrlq{{0x66, 1, 0xD3}, {0x66, 1, 0x73}, 2};
inline constexpr VectorShift kPsraw{{0x66, 1, 0xE1}, {0x66, 1, 0x71}, 4};
inline constexpr VectorShift kPsrad{{0x66, 1, 0xE2}, {0x66, 1, 0x72}, 4};

// ---- order and width of lanes
inline constexpr Opcode kPshufb{0x66, 2, 0x00}, kPshufd{0x66, 1, 0x70}, kPshuflw{0xF2, 1, 0x70};
inline constexpr Opcode kShufps{0, 1, 0xC6}, kPalignr{0x66, 3, 0x0F}, kPblendw{0x66, 3, 0x0E};
inline constexpr Opcode kPunpcklbw{0x66, 1, 0x60}, kPunpckhbw{0x66, 1, 0x68};
inline constexpr Opcode kPunpcklwd{0x66, 1, 0x61}, kPunpckhwd{0x66, 1, 0x69};
inline constexpr Opcode kPunpckldq{0x66, 1, 0x62}, kPunpckhdq{0x66, 1, 0x6A};
inline constexpr Opcode kPunpcklqdq{0x66, 1, 0x6C}, kPunpckhqdq{0x66, 1, 0x6D};
inline constexpr Opcode kPacksswb{0x66, 1, 0x63}, kPackssdw{0x66, 1, 0x6B};
inline constexpr Opcode kPackuswb{0x66, 1, 0x67}, kPackusdw{0x66, 2, 0x2B};
inline constexpr Opcode kPmovsxbw{0x66, 2, 0x20}, kPmovsxwd{0x66, 2, 0x23},
    kPmovsxdq{0x66, 2, 0x25};
inline constexpr Opcode kPmovzxbw{0x66, 2, 0x30}, kPmovzxwd{0x66, 2, 0x33},
    kPmovzxdq{0x66, 2, 0x35};
inline constexpr Opcode kPinsrb{0x66, 3, 0x20}, kPinsrw{0x66, 1, 0xC4}, kPinsrd{0x66, 3, 0x22};
inline constexpr Opcode kPextrb{0x66, 3, 0x14}, kPextrw{0x66, 3, 0x15}, kPextrd{0x66, 3, 0x16};
inline constexpr Opcode kInsertps{0x66, 3, 0x21};

// ---- floating-point lanes
inline constexpr Opcode kAddps{0, 1, 0x58}, kMulps{0, 1, 0x59}, kSubps{0, 1, 0x5C};
inline constexpr Opcode kDivps{0, 1, 0x5E}, kMinps{0, 1, 0x5D}, kMaxps{0, 1, 0x5F};
inline constexpr Opcode kSqrtps{0, 1, 0x51}, kCmpps{0, 1, 0xC2}, kRoundps{0x66, 3, 0x08};
inline constexpr Opcode kAddpd{0x66, 1, 0x58}, kMulpd{0x66, 1, 0x59}, kSubpd{0x66, 1, 0x5C};
inline constexpr Opcode kDivpd{0x66, 1, 0x5E}, kMinpd{0x66, 1, 0x5D}, kMaxpd{0x66, 1, 0x5F};
inline constexpr Opcode kSqrtpd{0x66, 1, 0x51}, kCmppd{0x66, 1, 0xC2}, kRoundpd{0x66, 3, 0x09};
// Predicates of cmpps and cmppd.
inline constexpr uint8_t kEqual = 0, kLess = 1, kLessEqual = 2, kUnordered = 3, kNotEqual = 4;
// Modes of roundps and roundpd, without the inexact exception.
inline constexpr uint8_t kRoundNearest = 8, kRoundDown = 9, kRoundUp = 10, kRoundToZero = 11;

// ---- conversions
inline constexpr Opcode kCvtdq2ps{0, 1, 0x5B}, kCvttps2dq{0xF3, 1, 0x5B};
inline constexpr Opcode kCvtdq2pd{0xF3, 1, 0xE6}, kCvttpd2dq{0x66, 1, 0xE6};
inline constexpr Opcode kCvtps2pd{0, 1, 0x5A}, kCvtpd2ps{0x66, 1, 0x5A};

}  // namespace nacre::native::x64
