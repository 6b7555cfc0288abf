// Whose signature holds: for the whole module, and for nothing else.
#include "signature/signature.h"

#include <gtest/gtest.h>

#include "signature/crypto.h"
#include "signature/sign_for_test.h"
#include "wasm/binary/test_modules.h"

namespace nacre::signature {
namespace {

const KeyForTest kAlice(1);
const KeyForTest kBob(2);
const KeyForTest kCarol(3);  // whose key is not known
const ByteVector kPart1 = joined({section_of("a", as_bytes("first")),
                                  section_of("signature_delimiter", as_bytes("0123456789abcdef"))});
const ByteVector kPart2 = joined({section_of("b", as_bytes("second")),
                                  section_of("signature_delimiter", as_bytes("fedcba9876543210"))});
const ByteVector kContent = joined({kPart1, kPart2});

// "a", "b", "ab" or "": who signed, of Alice and Bob.
std::string who(const ByteVector& module, std::optional<Bytes> detached = std::nullopt) {
  std::vector<PublicKey> keys = {kAlice.key, kBob.key};
  std::string names;
  for (const PublicKey& key : signers_of(module, detached, keys)) {
    names += key == kAlice.key ? "a" : "b";
  }
  return names;
}

SignatureForTest by(SignatureForTest::Signers signers, ByteVector content = kContent) {
  SignatureForTest signature;
  signature.sets = {{{std::move(content)}, std::move(signers)}};
  return signature;
}

ByteVector signed_module(bool with_lengths = false) {
  SignatureForTest signature = by({kAlice});
  signature.with_lengths = with_lengths;
  return with_signature(kContent, signature.data());
}

TEST(Signature, OfTheWholeModule) {
  EXPECT_EQ(who(signed_module()), "a");
  EXPECT_EQ(who(signed_module(true)), "a") << "as wasmsign2 writes it";
  EXPECT_EQ(who(with_signature({}, by({kBob}, {}).data())), "b") << "an empty module";
  EXPECT_EQ(who(joined({kHeaderForTest, kContent})), "");
  EXPECT_EQ(who({}), "");
  EXPECT_TRUE(signers_of(signed_module(), std::nullopt, {}).empty());
}

TEST(Signature, OfSeveral) {
  EXPECT_EQ(who(with_signature(kContent, by({kBob, kAlice}).data())), "ab");
  EXPECT_EQ(who(with_signature(kContent, by({kCarol, kBob}).data())), "b");
  EXPECT_EQ(who(with_signature(kContent, by({kCarol}).data())), "");
  SignatureForTest sets = by({kAlice}, kPart1);
  sets.sets.push_back({{kContent}, {kBob}});
  EXPECT_EQ(who(with_signature(kContent, sets.data())), "b") << "two sets";
}

// The signature is of its content and of nothing in front of it; so what is flipped there leaves
// no signature, or the same one (the key's name).
TEST(Signature, EachByteCounts) {
  for (bool with_lengths : {false, true}) {
    ByteVector module = signed_module(with_lengths);
    std::string_view text = as_text(module);
    size_t hint = text.find("hint");
    size_t content = module.size() - kContent.size();
    for (size_t at = 0; at < module.size(); ++at) {
      for (uint8_t bit : {0x01, 0x80, 0xFF}) {
        ByteVector changed = module;
        changed[at] ^= bit;
        bool is_hint = at >= hint && at < hint + 4;
        EXPECT_EQ(who(changed), is_hint ? "a" : "") << at << " of " << content;
      }
    }
  }
}

TEST(Signature, WhatIsCutOffOrAddedIsNotSigned) {
  ByteVector module = signed_module();
  for (size_t size = 0; size < module.size(); ++size) {
    EXPECT_EQ(who(ByteVector(module.begin(), module.begin() + static_cast<ptrdiff_t>(size))), "");
  }
  EXPECT_EQ(who(joined({module, section_of("c", {})})), "");
  EXPECT_EQ(who(joined({module, {0}})), "");
}

TEST(Signature, EndsWhereTheModuleDoes) {
  // Signed with its parts: the last hash is of all, and a part alone is not signed.
  SignatureForTest parts;
  parts.sets = {{{kPart1, kContent}, {kAlice}}};
  EXPECT_EQ(who(with_signature(kContent, parts.data())), "a");
  EXPECT_EQ(who(with_signature(kPart1, parts.data())), "");
  EXPECT_EQ(who(with_signature(kPart2, parts.data())), "");
  // A partial signature.
  SignatureForTest partial = by({kAlice}, kPart1);
  EXPECT_EQ(who(with_signature(kContent, partial.data())), "");
  EXPECT_EQ(who(with_signature(kPart1, partial.data())), "a");
  // The hash of the whole, but not as the last.
  parts.sets = {{{kContent, kPart1}, {kAlice}}};
  EXPECT_EQ(who(with_signature(kContent, parts.data())), "");
  // No hash at all.
  parts.sets = {{{}, {kAlice}}};
  EXPECT_EQ(who(with_signature(kContent, parts.data())), "");
}

TEST(Signature, StandsInFront) {
  ByteVector section = section_of("signature", by({kAlice}).data());
  EXPECT_EQ(who(joined({kHeaderForTest, kContent, section})), "");
  EXPECT_EQ(who(joined({kHeaderForTest, kPart1, section, kPart2})), "");
  EXPECT_EQ(who(joined({kHeaderForTest, section, section, kContent})), "") << "a second is content";
  ByteVector twice = joined({section, kContent});
  EXPECT_EQ(who(with_signature(twice, by({kBob}, twice).data())), "b");
  ByteVector bad = section_of("signature", as_bytes("x"));
  EXPECT_EQ(who(joined({kHeaderForTest, bad, section, kContent})), "");
  for (const char* name : {"Signature", "signatur", "signature ", "signature_delimiter", ""}) {
    EXPECT_EQ(who(joined({kHeaderForTest, section_of(name, by({kAlice}).data()), kContent})), "");
  }
}

TEST(Signature, Embedded) {
  EXPECT_FALSE(embedded(joined({kHeaderForTest, kContent})).has_value());
  EXPECT_FALSE(embedded({}).has_value());
  EXPECT_EQ(as_text(*embedded(with_signature(kContent, {'x'}))), "x");
}

TEST(Signature, Detached) {
  ByteVector module = joined({kHeaderForTest, kContent});
  ByteVector data = by({kAlice}).data();
  EXPECT_EQ(who(module, data), "a");
  EXPECT_EQ(who(joined({module, {0}}), data), "");
  EXPECT_EQ(who(module, Bytes()), "");
  EXPECT_EQ(who(module, by({kAlice}, module).data()), "") << "with the header";
  EXPECT_EQ(who(kContent, data), "") << "without it";
  // It counts in place of the embedded one, which then is content.
  ByteVector other = with_signature(kContent, by({kBob}).data());
  EXPECT_EQ(who(other, data), "");
  EXPECT_EQ(who(other), "b");
  ByteVector rest(other.begin() + 8, other.end());
  EXPECT_EQ(who(other, by({kAlice}, rest).data()), "a");
  module[4] = 0x0d;  // a component of the same sections
  EXPECT_EQ(who(module, data), "");
}

TEST(Signature, OnlyWhatIsKnown) {
  auto changed = [](auto change) {
    SignatureForTest signature = by({kAlice});
    change(signature);
    return who(with_signature(kContent, signature.data()));
  };
  EXPECT_EQ(changed([](auto&) {}), "a");
  EXPECT_EQ(changed([](auto& s) { s.key_id = ""; }), "a");
  EXPECT_EQ(changed([](auto& s) { s.key_id = std::string(300, 'x'); }), "a");
  EXPECT_EQ(changed([](auto& s) { s.version = 2; }), "");
  EXPECT_EQ(changed([](auto& s) { s.content_type = 2; }), "");
  EXPECT_EQ(changed([](auto& s) { s.hash_function = 2; }), "");
  EXPECT_EQ(changed([](auto& s) { s.algorithm = 2; }), "");
  EXPECT_EQ(changed([](auto& s) { s.domain = "wasmsi"; }), "");
  EXPECT_EQ(changed([](auto& s) { s.signs_content_type = false; }), "");
}

TEST(Signature, HostileCountsAndLengths) {
  ByteVector good = by({kAlice}).data();
  // A number of five bytes, of which there are fewer in the module: at each place of one.
  for (size_t at : {3, 4, 37, 38, 44}) {
    for (const ByteVector& number :
         {ByteVector{0xFF, 0xFF, 0xFF, 0xFF, 0x0F}, ByteVector{0xFF, 0xFF, 0xFF, 0xFF, 0x7F},
          ByteVector{0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, ByteVector{0x00}, ByteVector{0x02}}) {
      ByteVector bad(good.begin(), good.begin() + static_cast<ptrdiff_t>(at));
      bad.insert(bad.end(), number.begin(), number.end());
      bad.insert(bad.end(), good.begin() + static_cast<ptrdiff_t>(at) + 1, good.end());
      EXPECT_EQ(who(with_signature(kContent, bad)), "") << at;
    }
  }
  EXPECT_EQ(who(with_signature(kContent, joined({good, {0}}))), "") << "trailing";
  // Trailing within a set, and within a signature, that both say so in their lengths.
  SignatureForTest signature = by({kAlice});
  signature.with_lengths = true;
  ByteVector longer = joined({signature.data(), {0}});
  ++longer[4];
  EXPECT_EQ(who(with_signature(kContent, longer)), "");
  ++longer[39];
  EXPECT_EQ(who(with_signature(kContent, longer)), "");
  for (size_t size = 0; size < good.size(); ++size) {
    good.resize(size);
    EXPECT_EQ(who(with_signature(kContent, good)), "");
  }
}

TEST(Signature, TooManyAreNotLookedAt) {
  SignatureForTest many = by({});
  auto& set = many.sets[0];
  set.signers.assign(kMaxSignatures - 1, kCarol);
  set.signers.push_back(kAlice);
  EXPECT_EQ(who(with_signature(kContent, many.data())), "a");
  set.signers.push_back(kAlice);
  EXPECT_EQ(who(with_signature(kContent, many.data())), "");
  many.sets = {{{kContent}, {kAlice}}};
  many.sets.resize(kMaxSets);
  EXPECT_EQ(who(with_signature(kContent, many.data())), "a");
  many.sets.resize(kMaxSets + 1);
  EXPECT_EQ(who(with_signature(kContent, many.data())), "");
  many = by({kAlice});
  many.sets[0].hashed.assign(kMaxHashes, kContent);
  EXPECT_EQ(who(with_signature(kContent, many.data())), "a");
  many.sets[0].hashed.push_back(kContent);
  EXPECT_EQ(who(with_signature(kContent, many.data())), "");
}

// R and S that fit one of eight messages, or every one, if the order of the key is not checked.
TEST(Signature, NoKeyOfSmallOrder) {
  constexpr std::string_view kWeak[] = {
      "ed25519:0100000000000000000000000000000000000000000000000000000000000000",
      "ed25519:ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "ed25519:0000000000000000000000000000000000000000000000000000000000000000",
      "ed25519:26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      // not canonical, not on the curve
      "ed25519:eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "ed25519:0200000000000000000000000000000000000000000000000000000000000000"};
  const PublicKey neutral = {1};
  for (std::string_view text : kWeak) {
    PublicKey weak = *key_of_text(text);
    for (uint8_t number = 0; number < 64; ++number) {
      for (const PublicKey& r : {neutral, weak}) {
        ByteVector signature(r.begin(), r.end());
        signature.resize(kSignatureBytes);
        EXPECT_FALSE(holds(signature, Bytes(&number, 1), weak)) << text;
      }
    }
  }
}

// What wasmsign2 0.2.8 made for a module of one custom section.
TEST(Signature, OfWasmsign2) {
  using wasm::test::bytes;
  PublicKey key =
      *key_of_text("ed25519:763434e448d8376aa31e46b48fcee589b95ed2873a9d8bd2bf87412e4d3cafe2");
  ByteVector data = bytes(
      "01010101720125aa6fe95e60713309be923c8ba079a76ed943ce9bdd7cf89bc7254976ef59d2014f0c8e2a95abb4"
      "c51ad97d70c11c01409c5bc36cb72df18191dc8387a5cf5780e6e5a5be421c9f2a0db0a95095f8532d3c44897a05"
      "3b86b381fe9a6a54d6ae8736033333932d5a6b06825e8b5d5f8a0c");
  ByteVector content = section_of("v", as_bytes("x"));
  EXPECT_EQ(signers_of(with_signature(content, data), std::nullopt, {{key}}).size(), 1u);
  EXPECT_EQ(signers_of(joined({kHeaderForTest, content}), data, {{key}}).size(), 1u);
  content.back() = 'y';
  EXPECT_EQ(signers_of(with_signature(content, data), std::nullopt, {{key}}).size(), 0u);
}

}  // namespace
}  // namespace nacre::signature
