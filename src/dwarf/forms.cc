#include "dwarf/forms.h"

#include <cstring>

namespace nacre::dwarf {
namespace {

constexpr uint64_t kIndirect = 0x16, kImplicitConst = 0x21;

void skip(wasm::Reader& reader, uint64_t bytes, Work& work) {
  if (!work.spend(bytes / Work::kBytesPerStep)) reader.fail("too much work");
  reader.bytes(bytes);
}

Value read_text(wasm::Reader& reader, Work& work) {
  const uint8_t* begin = reader.pos();
  const void* end = std::memchr(begin, 0, reader.remaining());
  uint64_t length = end == nullptr
                        ? reader.remaining()
                        : static_cast<uint64_t>(static_cast<const uint8_t*>(end) - begin);
  skip(reader, length + 1, work);  // fails without an end
  return {.meaning = Meaning::text, .number = length, .text = begin};
}

uint64_t read_three(wasm::Reader& reader) {
  uint64_t low = reader.fixed<uint16_t>();
  return low | uint64_t{reader.u8()} << 16;
}

}  // namespace

std::optional<Form> find_form(uint64_t number) {
  switch (number) {
#define FORM(number, size, meaning) \
  case number:                      \
    return Form{Form::Size::size, Meaning::meaning};
#include "dwarf/forms.def"
#undef FORM
    default:
      return std::nullopt;
  }
}

uint64_t read_sized(wasm::Reader& reader, uint32_t size) {
  return size == 8 ? reader.fixed<uint64_t>() : reader.fixed<uint32_t>();
}

Value read_value(wasm::Reader& reader, Form form, Encoding encoding, Work& work) {
  using enum Form::Size;
  if (!work.spend()) {
    reader.fail("too much work");
    return {};
  }
  auto value = [&](uint64_t number) { return Value{.meaning = form.meaning, .number = number}; };
  switch (form.size) {
    case zero:
    case implicit:
      return value(0);
    case one:
      return value(reader.u8());
    case two:
      return value(reader.fixed<uint16_t>());
    case three:
      return value(read_three(reader));
    case four:
      return value(reader.fixed<uint32_t>());
    case eight:
      return value(reader.fixed<uint64_t>());
    case sixteen:
      reader.bytes(16);
      return {};
    case address:
      return value(read_sized(reader, encoding.address_bytes));
    case offset:
      return value(read_sized(reader, encoding.offset_bytes));
    case reference:
      return value(read_sized(
          reader, encoding.version <= 2 ? encoding.address_bytes : encoding.offset_bytes));
    case uleb:
      return value(reader.u64());
    case sleb:
      return value(static_cast<uint64_t>(reader.s64()));
    case text:
      return read_text(reader, work);
    case block:
      skip(reader, reader.u64(), work);
      return {};
    case block1:
      skip(reader, reader.u8(), work);
      return {};
    case block2:
      skip(reader, reader.fixed<uint16_t>(), work);
      return {};
    case block4:
      skip(reader, reader.fixed<uint32_t>(), work);
      return {};
    case indirect: {
      uint64_t number = reader.u64();
      auto named = find_form(number);
      if (named && number != kIndirect && number != kImplicitConst)
        return read_value(reader, *named, encoding, work);
      reader.fail("no such form");
      return {};
    }
  }
  return {};
}

}  // namespace nacre::dwarf
