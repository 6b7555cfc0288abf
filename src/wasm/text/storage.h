// Where the text parser puts what a module views: chunks that never move.
#pragma once

#include <cstdint>
#include <list>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace nacre::wasm::text {

class Storage {
 public:
  // Appends to `chunks`, which must outlive it and be changed by no one else.
  explicit Storage(std::list<std::vector<uint8_t>>* chunks) : chunks_(chunks) {}

  // A copy of the bytes that lives as long as the chunks.
  Bytes keep(Bytes bytes) {
    if (bytes.size() > kOwnChunkBytes)
      return keep(std::vector<uint8_t>(bytes.begin(), bytes.end()));
    if (room_ == nullptr || room_->capacity() - room_->size() < bytes.size()) {
      room_ = &chunks_->emplace_back();
      room_->reserve(kChunkBytes);
    }
    size_t at = room_->size();
    room_->insert(room_->end(), bytes.begin(), bytes.end());
    return Bytes(*room_).subspan(at);
  }
  Bytes keep(std::vector<uint8_t> bytes) { return chunks_->emplace_back(std::move(bytes)); }
  std::string_view keep(std::string_view text) { return as_text(keep(as_bytes(text))); }

 private:
  static constexpr size_t kChunkBytes = 64 * 1024;
  static constexpr size_t kOwnChunkBytes = 16 * 1024;

  std::list<std::vector<uint8_t>>* chunks_;
  std::vector<uint8_t>* room_ = nullptr;  // the chunk being filled; lists do not move their items
};

}  // namespace nacre::wasm::text
