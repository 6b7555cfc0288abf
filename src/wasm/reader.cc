#include "wasm/reader.h"

#include "base/utf8.h"

namespace nacre::wasm {

void Reader::fail_at(const char* message, uint64_t offset, ErrorCode code) {
  if (message_ == nullptr) {
    message_ = message;
    error_offset_ = offset;
    code_ = code;
  }
  pos_ = end_;
}

uint8_t Reader::fail_u8() {
  fail("unexpected end");
  return 0;
}

// LEB128 of at most ceil(bits / 7) bytes whose unused bits are zero (specification 5.2.2).
uint64_t Reader::leb_unsigned(uint32_t bits) {
  uint64_t start = offset();
  uint64_t value = 0;
  for (uint32_t shift = 0;; shift += 7) {
    if (pos_ == end_) {
      fail("unexpected end");
      return 0;
    }
    uint8_t byte = *pos_++;
    uint32_t left = bits - shift;  // bits this byte may still set
    if (left < 7 && (byte & 0x7F) >> left != 0) {
      fail_at(byte & 0x80 ? "integer representation too long" : "integer too large", start);
      return 0;
    }
    value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return value;
    if (left <= 7) {
      fail_at("integer representation too long", start);
      return 0;
    }
  }
}

// As above; the unused bits repeat the sign.
int64_t Reader::leb_signed(uint32_t bits) {
  uint64_t start = offset();
  uint64_t value = 0;
  for (uint32_t shift = 0;; shift += 7) {
    if (pos_ == end_) {
      fail("unexpected end");
      return 0;
    }
    uint8_t byte = *pos_++;
    uint32_t left = bits - shift;
    value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (left <= 7 && (byte & 0x80) != 0) {
      fail_at("integer representation too long", start);
      return 0;
    }
    if (left < 7) {
      uint8_t top = static_cast<uint8_t>((byte & 0x7F) >> (left - 1));
      if (top != 0 && top != 0x7F >> (left - 1)) {
        fail_at("integer too large", start);
        return 0;
      }
    }
    if ((byte & 0x80) == 0) {
      uint32_t used = shift + 7;
      if (used < 64 && (byte & 0x40) != 0) value |= ~uint64_t{0} << used;
      return static_cast<int64_t>(value);
    }
  }
}

Bytes Reader::bytes(uint64_t length) {
  if (length > remaining()) {
    fail("unexpected end: length out of bounds");
    return {};
  }
  Bytes view(pos_, static_cast<size_t>(length));
  pos_ += length;
  return view;
}

std::string_view Reader::name() {
  Bytes view = bytes(u32());
  if (ok() && !is_utf8(view)) {
    fail_at("malformed UTF-8 encoding", offset() - view.size());
    return {};
  }
  return as_text(view);
}

uint32_t Reader::count(uint32_t limit, uint32_t min_item_bytes) {
  uint64_t start = offset();
  uint32_t value = u32();
  if (!ok()) return 0;
  if (static_cast<uint64_t>(value) * min_item_bytes > remaining()) {
    fail_at("unexpected end: length out of bounds", start);
    return 0;
  }
  if (value > limit) {
    fail_at("too many items for one module", start, ErrorCode::limit);
    return 0;
  }
  return value;
}

}  // namespace nacre::wasm
