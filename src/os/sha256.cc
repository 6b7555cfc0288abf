#include "os/sha256.h"

#include <algorithm>
#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/hex.h"

namespace nacre::os {
namespace {

alignas(16) constexpr std::array<uint32_t, 64> kRound = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

constexpr size_t kBlock = 64;

using State = std::array<uint32_t, 8>;  // a to h
constexpr State kInitial = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// Works whole blocks into the state.
using AddBlocks = void (*)(State& state, const uint8_t* blocks, size_t count);

void add_block(State& state, const uint8_t* block) {
  std::array<uint32_t, 64> w;
  for (size_t i = 0; i < 16; ++i) w[i] = __builtin_bswap32(load_le<uint32_t>(block + 4 * i));
  for (size_t i = 16; i < 64; ++i) {
    uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
    uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (size_t i = 0; i < 64; ++i) {
    uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
    uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  State worked = {a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < 8; ++i) state[i] += worked[i];
}

void add_blocks(State& state, const uint8_t* blocks, size_t count) {
  for (size_t i = 0; i < count; ++i) add_block(state, blocks + i * kBlock);
}

#if defined(__x86_64__)

#define NACRE_SHA [[gnu::target("sha,sse4.1")]]
#define NACRE_SHA_INLINE [[gnu::target("sha,sse4.1"), gnu::always_inline]] inline

// The instructions want the state as two vectors, from the top: a b e f, and c d g h.
struct Halves {
  __m128i abef;
  __m128i cdgh;
};

// Four rounds with the words of `w`, numbers 4 * group and up.
NACRE_SHA_INLINE void four_rounds(Halves& state, __m128i w, size_t group) {
  const auto* constants = reinterpret_cast<const __m128i*>(kRound.data());
  __m128i sum = _mm_add_epi32(w, _mm_load_si128(constants + group));
  state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, sum);
  state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, _mm_shuffle_epi32(sum, 0x0E));
}

// The four words behind the sixteen of w0 to w3.
NACRE_SHA_INLINE __m128i next_words(__m128i w0, __m128i w1, __m128i w2, __m128i w3) {
  __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));
  return _mm_sha256msg2_epu32(sum, w3);
}

NACRE_SHA void add_blocks_by_instructions(State& state, const uint8_t* blocks, size_t count) {
  auto word = [](uint32_t value) { return static_cast<int>(value); };
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  Halves now = {_mm_set_epi32(word(state[0]), word(state[1]), word(state[4]), word(state[5])),
                _mm_set_epi32(word(state[2]), word(state[3]), word(state[6]), word(state[7]))};
  for (; count != 0; --count, blocks += kBlock) {
    const Halves before = now;
    const auto* words = reinterpret_cast<const __m128i*>(blocks);
    __m128i w0 = _mm_shuffle_epi8(_mm_loadu_si128(words), swap);
    __m128i w1 = _mm_shuffle_epi8(_mm_loadu_si128(words + 1), swap);
    __m128i w2 = _mm_shuffle_epi8(_mm_loadu_si128(words + 2), swap);
    __m128i w3 = _mm_shuffle_epi8(_mm_loadu_si128(words + 3), swap);
    for (size_t group = 0;; group += 4) {
      four_rounds(now, w0, group);
      four_rounds(now, w1, group + 1);
      four_rounds(now, w2, group + 2);
      four_rounds(now, w3, group + 3);
      if (group == 12) break;
      w0 = next_words(w0, w1, w2, w3);
      w1 = next_words(w1, w2, w3, w0);
      w2 = next_words(w2, w3, w0, w1);
      w3 = next_words(w3, w0, w1, w2);
    }
    now.abef = _mm_add_epi32(now.abef, before.abef);
    now.cdgh = _mm_add_epi32(now.cdgh, before.cdgh);
  }
  alignas(16) std::array<uint32_t, 4> abef, cdgh;
  _mm_store_si128(reinterpret_cast<__m128i*>(abef.data()), now.abef);
  _mm_store_si128(reinterpret_cast<__m128i*>(cdgh.data()), now.cdgh);
  state = {abef[3], abef[2], cdgh[3], cdgh[2], abef[1], abef[0], cdgh[1], cdgh[0]};
}

#undef NACRE_SHA
#undef NACRE_SHA_INLINE

AddBlocks chosen(const CpuFeatures& cpu) {
  return cpu.sha && cpu.sse41 ? add_blocks_by_instructions : add_blocks;
}

#else

AddBlocks chosen(const CpuFeatures&) { return add_blocks; }

#endif

}  // namespace

std::array<uint8_t, 32> sha256(Bytes bytes, const CpuFeatures& cpu) {
  AddBlocks add = chosen(cpu);
  State state = kInitial;
  size_t whole = bytes.size() / kBlock;
  add(state, bytes.data(), whole);
  // The rest, a one bit, zeros, and the length in bits: one block or two.
  std::array<uint8_t, 2 * kBlock> tail = {};
  Bytes rest = bytes.subspan(whole * kBlock);
  std::copy(rest.begin(), rest.end(), tail.begin());
  tail[rest.size()] = 0x80;
  size_t blocks = rest.size() < kBlock - 8 ? 1 : 2;
  store_le(&tail[blocks * kBlock - 8], __builtin_bswap64(uint64_t{bytes.size()} * 8));
  add(state, tail.data(), blocks);

  std::array<uint8_t, 32> digest;
  for (size_t i = 0; i < 8; ++i) store_le(&digest[4 * i], __builtin_bswap32(state[i]));
  return digest;
}

std::array<uint8_t, 32> sha256(Bytes bytes) { return sha256(bytes, cpu_features()); }

std::string digest_text(Bytes bytes) { return "sha256:" + hex_text(sha256(bytes)); }

}  // namespace nacre::os
