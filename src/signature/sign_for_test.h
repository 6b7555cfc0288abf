// Signing, for tests and the fuzzer, which alone include this.
#pragma once

#include <sodium.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "os/sha256.h"
#include "signature/key.h"
#include "wasm/binary/writer.h"

namespace nacre::signature {

using ByteVector = std::vector<uint8_t>;

struct KeyForTest {
  explicit KeyForTest(uint8_t number) {
    std::array<uint8_t, crypto_sign_SEEDBYTES> seed = {number};
    crypto_sign_seed_keypair(key.data(), secret.data(), seed.data());
  }
  PublicKey key;
  std::array<uint8_t, crypto_sign_SECRETKEYBYTES> secret;
};

// The data of a signature, part by part; what is set otherwise than here is what tests are about.
struct SignatureForTest {
  using Signers = std::vector<KeyForTest>;
  struct Set {
    std::vector<ByteVector> hashed;  // what the hashes are of
    Signers signers;
  };
  std::vector<Set> sets;
  std::string domain = "wasmsig";
  uint8_t version = 1;
  uint8_t content_type = 1;
  uint8_t hash_function = 1;
  uint8_t algorithm = 1;
  std::string key_id = "hint";
  bool with_lengths = false;       // as wasmsign2 writes it
  bool signs_content_type = true;  // older versions of that did not

  ByteVector data() const {
    wasm::ByteWriter out;
    out.u8(version);
    out.u8(content_type);
    out.u8(hash_function);
    out.u32(static_cast<uint32_t>(sets.size()));
    for (const Set& set : sets) add_item(out, data_of(set));
    return std::move(out).take();
  }

 private:
  void add_item(wasm::ByteWriter& out, const ByteVector& item) const {
    if (with_lengths) {
      out.sized(item);
    } else {
      out.raw(item);
    }
  }

  ByteVector data_of(const Set& set) const {
    ByteVector hashes;
    for (const ByteVector& part : set.hashed) {
      auto hash = os::sha256(part);
      hashes.insert(hashes.end(), hash.begin(), hash.end());
    }
    std::string message = domain;
    message += static_cast<char>(version);
    if (signs_content_type) message += static_cast<char>(content_type);
    message += static_cast<char>(hash_function);
    message.append(as_text(hashes));
    wasm::ByteWriter out;
    out.u32(static_cast<uint32_t>(set.hashed.size()));
    out.raw(hashes);
    out.u32(static_cast<uint32_t>(set.signers.size()));
    for (const KeyForTest& signer : set.signers) {
      ByteVector signature(crypto_sign_BYTES);
      crypto_sign_detached(signature.data(), nullptr, as_bytes(message).data(), message.size(),
                           signer.secret.data());
      wasm::ByteWriter one;
      one.name(key_id);
      one.u8(algorithm);
      one.sized(signature);
      add_item(out, std::move(one).take());
    }
    return std::move(out).take();
  }
};

inline ByteVector section_of(std::string_view name, Bytes data) {
  wasm::ByteWriter out;
  out.u8(0);
  out.name(name);
  out.raw(data);
  out.wrap_from(1);
  return std::move(out).take();
}

inline ByteVector joined(std::initializer_list<ByteVector> parts) {
  ByteVector all;
  for (const ByteVector& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

inline const ByteVector kHeaderForTest = {0, 'a', 's', 'm', 1, 0, 0, 0};

// A module of this content with the signature in front.
inline ByteVector with_signature(const ByteVector& content, const ByteVector& data) {
  return joined({kHeaderForTest, section_of("signature", data), content});
}

}  // namespace nacre::signature
