#include "native/stored_code.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

#include "os/sha256.h"

namespace nacre::native {
namespace {

// Begins every file; the number is the format's.
constexpr std::string_view kMagic = "nacre machine code 1\n";

// What stands in front of each function's arrays, which follow in this order.
struct FunctionHeader {
  uint32_t function;
  uint32_t code_bytes;
  uint32_t relocations;
  uint32_t sites;
  uint32_t undone;
  uint8_t pushed;
  uint8_t linked;
  uint8_t whole;
  uint8_t zero;
};
static_assert(sizeof(FunctionHeader) == 24);

template <class T>
void append(std::vector<uint8_t>& to, const T* values, size_t count) {
  static_assert(std::is_trivially_copyable_v<T>);
  const auto* bytes = reinterpret_cast<const uint8_t*>(values);
  to.insert(to.end(), bytes, bytes + count * sizeof(T));
}

std::string header_of(const wasm::Module& module, std::string_view compiler) {
  return std::string(kMagic) + os::digest_text(module.bytes) + "\n" + std::string(compiler) + "\n";
}

Error malformed(const char* what) {
  return Error(ErrorCode::malformed, std::string("stored machine code: ") + what);
}

// The array of what stands in `bytes`, which has `count` of them.
template <class T>
void copy(std::vector<T>& to, Bytes bytes, uint32_t count) {
  const T* first = reinterpret_cast<const T*>(bytes.data());
  to.clear();
  to.reserve(count);
  for (uint32_t i = 0; i < count; ++i) to.push_back(load_le<T>(first + i));
}

template <class T, class Offset>
bool rises(const std::vector<T>& values, Offset offset) {
  return std::is_sorted(values.begin(), values.end(),
                        [&](const T& a, const T& b) { return offset(a) < offset(b); });
}

// What a module's compiler may name; stubs name other things.
bool is_good(const Relocation& relocation, const wasm::Module& module, uint32_t code_bytes) {
  if (code_bytes < 4 || relocation.offset > code_bytes - 4) return false;
  switch (relocation.kind) {
    case Relocation::Kind::function_slot:
      return relocation.index >= module.imported_functions &&
             relocation.index - module.imported_functions < module.defined_functions();
    case Relocation::Kind::type_id:
      return relocation.index < module.types.size();
    default:
      return false;
  }
}

const char* fault_of(const CodeImage& image, const wasm::Module& module) {
  uint32_t size = image.code.size();
  for (const Relocation& relocation : image.relocations) {
    if (!is_good(relocation, module, size)) return "a relocation is not valid";
  }
  auto code = [](const CodeSite& site) { return site.code; };
  if (!rises(image.sites, code) || (!image.sites.empty() && image.sites.back().code > size))
    return "the sites are not in order";
  const FrameStates& frame = image.frame;
  uint32_t end = 0;
  for (const FrameStates::Range& range : frame.undone) {
    if (range.begin < end || range.end < range.begin || range.end > size)
      return "the frame's states are not in order";
    end = range.end;
  }
  if (frame.pushed > frame.linked || frame.linked > frame.whole || frame.whole > size)
    return "the frame's states are not in order";
  return nullptr;
}

}  // namespace

StoredCodeWriter::StoredCodeWriter(const wasm::Module& module, std::string_view compiler) {
  std::string header = header_of(module, compiler);
  append(bytes_, header.data(), header.size());
}

void StoredCodeWriter::add(uint32_t function, const CodeImage& image) {
  FunctionHeader header{.function = function,
                        .code_bytes = image.code.size(),
                        .relocations = static_cast<uint32_t>(image.relocations.size()),
                        .sites = static_cast<uint32_t>(image.sites.size()),
                        .undone = static_cast<uint32_t>(image.frame.undone.size()),
                        .pushed = image.frame.pushed,
                        .linked = image.frame.linked,
                        .whole = image.frame.whole,
                        .zero = 0};
  append(bytes_, &header, 1);
  append(bytes_, image.code.data(), image.code.size());
  append(bytes_, image.relocations.data(), image.relocations.size());
  append(bytes_, image.sites.data(), image.sites.size());
  append(bytes_, image.frame.undone.data(), image.frame.undone.size());
}

Result<StoredCodeReader> StoredCodeReader::open(Bytes bytes, const wasm::Module& module,
                                                std::string_view compiler) {
  std::string_view text = as_text(bytes);
  if (!text.starts_with(kMagic)) return std::unexpected(malformed("it begins with something else"));
  std::string header = header_of(module, compiler);
  if (!text.starts_with(header)) {
    return fail(ErrorCode::unsupported,
                "stored machine code: it was made of another module, or by another compiler");
  }
  return StoredCodeReader(bytes.subspan(header.size()), module);
}

Result<Bytes> StoredCodeReader::take(uint64_t bytes) {
  if (bytes > rest_.size()) return std::unexpected(malformed("it ends early"));
  Bytes taken = rest_.first(bytes);
  rest_ = rest_.subspan(bytes);
  return taken;
}

Result<uint32_t> StoredCodeReader::next(CodeImage& image) {
  auto header = load_le<FunctionHeader>(TRY(take(sizeof(FunctionHeader))).data());
  bool is_defined = header.function >= module_.imported_functions &&
                    header.function - module_.imported_functions < module_.defined_functions();
  if (!is_defined || header.function < next_function_)
    return std::unexpected(malformed("a function is not the next one"));
  next_function_ = uint64_t{header.function} + 1;
  image.clear();
  Bytes code = TRY(take(header.code_bytes));
  Bytes relocations = TRY(take(uint64_t{header.relocations} * sizeof(Relocation)));
  Bytes sites = TRY(take(uint64_t{header.sites} * sizeof(CodeSite)));
  Bytes undone = TRY(take(uint64_t{header.undone} * sizeof(FrameStates::Range)));
  if (!image.code.reserve(header.code_bytes))
    return fail(ErrorCode::out_of_memory, "no memory for machine code");
  std::copy(code.begin(), code.end(), image.code.data());
  image.code.set_size(header.code_bytes);
  copy(image.relocations, relocations, header.relocations);
  copy(image.sites, sites, header.sites);
  copy(image.frame.undone, undone, header.undone);
  image.frame.pushed = header.pushed;
  image.frame.linked = header.linked;
  image.frame.whole = header.whole;
  if (const char* why = fault_of(image, module_)) return std::unexpected(malformed(why));
  return header.function;
}

}  // namespace nacre::native
