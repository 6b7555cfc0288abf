#include "signature/signature.h"

#include <algorithm>
#include <array>
#include <string>

#include "os/sha256.h"
#include "signature/crypto.h"
#include "wasm/reader.h"

namespace nacre::signature {
namespace {

using wasm::Reader;

constexpr std::string_view kHeader("\0asm\x01\0\0\0", 8);
constexpr std::string_view kSectionName = "signature";
constexpr std::string_view kDomain = "wasmsig";
constexpr std::string_view kKind("\x01\x01\x01", 3);  // version 1, of a module, by SHA-256
constexpr uint8_t kEd25519 = 1;
constexpr size_t kHashBytes = 32;

// A signature and what it is to cover.
struct Parts {
  Bytes data;
  Bytes content;
};

std::optional<Parts> split(Bytes module) {
  if (!as_text(module).starts_with(kHeader)) return std::nullopt;
  Reader from(module.subspan(kHeader.size()));
  constexpr uint8_t kCustom = 0;
  if (from.u8() != kCustom) return std::nullopt;
  Reader section(from.bytes(from.u32()));
  if (section.name() != kSectionName || !section.ok()) return std::nullopt;
  return Parts{section.bytes(section.remaining()), from.bytes(from.remaining())};
}

// Hashes and who signed them.
struct SignedSet {
  Bytes hashes;
  std::vector<Bytes> signatures;  // of Ed25519
};

// wasmsign2 puts its length in front of each set and each signature, of which the specification
// knows nothing. What is signed is the same, so either will do.
enum class Layout : uint8_t { specified, with_lengths };

template <class Read>
void read_item(Reader& from, Layout layout, Read read) {
  if (layout == Layout::specified) return read(from);
  Reader item(from.bytes(from.u32()));
  read(item);
  if (!item.ok() || !item.at_end()) from.fail("an item of another length");
}

void read_signature(Reader& from, SignedSet& set) {
  from.bytes(from.u32());  // a hint at the key, which proves nothing
  uint8_t algorithm = from.u8();
  Bytes signature = from.bytes(from.u32());
  bool known = algorithm == kEd25519 && signature.size() == kSignatureBytes;
  if (known) set.signatures.push_back(signature);
}

// Nothing: the data are not what they must be.
std::vector<SignedSet> read_sets(Bytes data, Layout layout) {
  std::vector<SignedSet> sets;
  Reader from(data);
  if (as_text(from.bytes(kKind.size())) != kKind) return {};
  uint32_t more_signatures = kMaxSignatures;
  for (uint32_t count = from.count(kMaxSets); count != 0 && from.ok(); --count) {
    read_item(from, layout, [&](Reader& item) {
      SignedSet set;
      uint32_t hashes = item.count(kMaxHashes, kHashBytes);
      set.hashes = item.bytes(uint64_t{hashes} * kHashBytes);
      uint32_t signatures = item.count(more_signatures);
      more_signatures -= signatures;
      for (; signatures != 0 && item.ok(); --signatures) {
        read_item(item, layout, [&](Reader& one) { read_signature(one, set); });
      }
      if (hashes != 0) sets.push_back(std::move(set));
    });
  }
  if (!from.ok() || !from.at_end()) return {};
  return sets;
}

bool is_signed_by(const SignedSet& set, const PublicKey& key) {
  std::string message(kDomain);
  message.append(kKind).append(as_text(set.hashes));
  return std::ranges::any_of(
      set.signatures, [&](Bytes signature) { return holds(signature, as_bytes(message), key); });
}

}  // namespace

std::optional<Bytes> embedded(Bytes module) {
  auto parts = split(module);
  if (!parts) return std::nullopt;
  return parts->data;
}

std::vector<PublicKey> signers_of(Bytes module, std::optional<Bytes> detached,
                                  std::span<const PublicKey> keys) {
  Parts parts;
  if (detached) {
    if (!as_text(module).starts_with(kHeader)) return {};
    parts = {*detached, module.subspan(kHeader.size())};
  } else if (auto found = split(module)) {
    parts = *found;
  } else {
    return {};
  }
  std::vector<SignedSet> sets = read_sets(parts.data, Layout::specified);
  if (sets.empty()) sets = read_sets(parts.data, Layout::with_lengths);

  // Each hash is of everything from the beginning, so the last one covers all that the others do;
  // it must cover everything there is. One that ends earlier is of a part (a partial signature),
  // which runtimes must ignore.
  std::optional<std::array<uint8_t, kHashBytes>> whole;  // made when a signature holds
  auto covers_all = [&](const SignedSet& set) {
    if (!whole) whole = os::sha256(parts.content);
    return std::ranges::equal(set.hashes.last(kHashBytes), *whole);
  };
  std::vector<PublicKey> signers;
  for (const PublicKey& key : keys) {
    bool signed_it = std::ranges::any_of(
        sets, [&](const SignedSet& set) { return is_signed_by(set, key) && covers_all(set); });
    if (signed_it) signers.push_back(key);
  }
  return signers;
}

}  // namespace nacre::signature
