#include "component/text/print_core.h"

#include "wasm/text/strings.h"

namespace nacre::component {
namespace {

using wasm::ExternKind;
using wasm::SubType;

constexpr uint8_t kDefaultPageSizeLog2 = 16;

class CorePrinter {
 public:
  explicit CorePrinter(std::string& out) : out_(out) {}

  void sub_type(const SubType& type) {
    bool is_sub = !type.is_final || type.super;
    if (is_sub) {
      out_ += type.is_final ? " (sub final" : " (sub";
      if (type.super) number(index_of(*type.super));
    }
    switch (type.kind) {
      case SubType::Kind::func:
        out_ += " (func";
        values("param", type.func.params);
        values("result", type.func.results);
        break;
      case SubType::Kind::structure:
        out_ += " (struct";
        for (const wasm::FieldType& one : type.fields) {
          out_ += " (field";
          field(one);
          out_ += ')';
        }
        break;
      case SubType::Kind::array:
        out_ += " (array";
        for (const wasm::FieldType& one : type.fields) field(one);
        break;
    }
    out_ += is_sub ? "))" : ")";
  }

  void operator()(const wasm::Import& import) {
    out_ += " (import";
    string(import.module);
    string(import.name);
    item(import.type);
    out_ += ')';
  }
  void operator()(const CoreRecGroup& group) {
    bool is_rec = group.is_explicit || group.types.size() != 1;
    if (is_rec) out_ += " (rec";
    for (const SubType& type : group.types) {
      out_ += " (type";
      sub_type(type);
      out_ += ')';
    }
    if (is_rec) out_ += ')';
  }
  void operator()(CoreModuleType::OuterType alias) {
    out_ += " (alias outer";
    number(alias.count);
    number(alias.index);
    out_ += " (type))";
  }
  void operator()(const CoreModuleType::Export& exported) {
    out_ += " (export";
    string(exported.name);
    item(exported.type);
    out_ += ')';
  }

 private:
  void number(uint64_t number) {
    out_ += ' ';
    out_ += std::to_string(number);
  }
  void string(std::string_view text) {
    out_ += ' ';
    wasm::text::append_quoted_text(out_, text);
  }
  void value(wasm::ValType type) {
    out_ += ' ';
    out_ += to_string(type);
  }
  void values(std::string_view keyword, const std::vector<wasm::ValType>& types) {
    if (types.empty()) return;
    out_.append(" (").append(keyword);
    for (wasm::ValType type : types) value(type);
    out_ += ')';
  }
  void field(const wasm::FieldType& field) {
    if (field.is_mutable) out_ += " (mut";
    value(field.type);
    if (field.is_mutable) out_ += ')';
  }
  void limits(const wasm::Limits& limits) {
    if (limits.address == wasm::AddressType::i64) out_ += " i64";
    number(limits.min);
    if (limits.max) number(*limits.max);
  }

  void item(const wasm::ExternType& type) {
    out_ += " (";
    out_ += extern_kind_text(type.kind);
    switch (type.kind) {
      case ExternKind::func:
        type_use(type.func);
        break;
      case ExternKind::tag:
        type_use(type.tag.type);
        break;
      case ExternKind::table:
        limits(type.table.limits);
        value(type.table.element);
        break;
      case ExternKind::memory:
        limits(type.memory.limits);
        if (type.memory.shared) out_ += " shared";
        if (type.memory.page_size_log2 != kDefaultPageSizeLog2) {
          out_ += " (pagesize";
          number(uint64_t{1} << type.memory.page_size_log2);
          out_ += ')';
        }
        break;
      case ExternKind::global:
        field({type.global.type, type.global.is_mutable});
        break;
    }
    out_ += ')';
  }
  void type_use(wasm::TypeIdx type) {
    out_ += " (type";
    number(index_of(type));
    out_ += ')';
  }

  std::string& out_;
};

}  // namespace

void print_sub_type(std::string& out, const SubType& type) { CorePrinter(out).sub_type(type); }

void print_module_type(std::string& out, const CoreModuleType& type) {
  CorePrinter printer(out);
  for (const CoreModuleType::Declaration& declaration : type.declarations) {
    std::visit(printer, declaration);
  }
}

}  // namespace nacre::component
