// Plans as text.
#include "base/utf8.h"
#include "component/plan/plan.h"
#include "component/wave.h"

namespace nacre::component {
namespace {

template <class Id>
std::string number(std::string_view prefix, Id id) {
  return std::string(prefix) + std::to_string(static_cast<uint32_t>(id));
}
std::string text(Slot slot) { return number("%", slot); }
std::string text(CoreSlot slot) { return number("$", slot); }
std::string text(CoreInstanceSlot slot) { return number("core-instance ", slot); }
std::string text(ResourceIndex index) { return number("resource ", index); }
std::string text(const Item& item) {
  return item.sort == Sort::type ? text(item.resource) : text(item.slot);
}
std::string quoted_name(std::string_view name) { return "\"" + printable(name) + "\""; }

std::string items_text(const std::vector<NamedItem>& items) {
  std::string result;
  for (const NamedItem& item : items) {
    result += " " + quoted_name(item.name) + "=" + text(item.item);
  }
  return result;
}

class PlanPrinter {
 public:
  PlanPrinter(const Resolved& resolved, const Part& part) : resolved_(resolved), part_(part) {}

  std::string print() {
    for (const Extern& item : part_.imports) line(described("import", item));
    for (Slot slot : part_.captured) line(text(slot) + " = captured");
    for (const Step& step : part_.steps) {
      std::visit([&](const auto& known) { line(describe(known)); }, step);
    }
    for (const Extern& item : part_.exports) line(described("export", item));
    return std::move(out_);
  }

 private:
  void line(const std::string& text) { out_ += "  " + text + "\n"; }

  std::string described(std::string_view what, const Extern& item) const {
    std::string result = std::string(what) + " " + quoted_name(item.name.name) + " " +
                         std::string(sort_text(item.entity.sort));
    if (item.item) result += " " + text(*item.item);
    return result;
  }

  std::string describe(const TakeModule& step) const {
    return text(step.to) + " = " + number("module ", step.module);
  }
  std::string describe(const InstantiateModule& step) const {
    std::string result = text(step.to) + " = instantiate " + text(step.module);
    for (const InstantiateModule::Argument& argument : step.arguments) {
      result += " " + quoted_name(argument.module) + "." + quoted_name(argument.name) + "=" +
                text(argument.item);
    }
    return result;
  }
  std::string describe(const ExtractCore& step) const {
    return text(step.to) + " = " + std::string(extern_kind_text(step.kind)) + " " +
           quoted_name(step.name) + " of " + text(step.from);
  }
  std::string describe(const TakeComponent& step) const {
    std::string result = text(step.to) + " = " + number("component ", step.part);
    for (Slot slot : step.captured) result += " " + text(slot);
    return result;
  }
  std::string describe(const Instantiate& step) const {
    return text(step.to) + " = instantiate " + text(step.component) + items_text(step.arguments);
  }
  std::string describe(const Gather& step) const {
    return text(step.to) + " = instance" + items_text(step.exports);
  }
  std::string describe(const Extract& step) const {
    return text(step.to) + " = " + std::string(sort_text(step.sort)) + " " +
           quoted_name(step.name) + " of " + text(step.from);
  }
  std::string describe(const ExtractResource& step) const {
    return text(step.to) + " = " + quoted_name(step.name) + " of " + text(step.from);
  }
  std::string describe(const DefineResource& step) const {
    std::string result = text(step.to) + " = new";
    if (step.destructor) result += " destructor=" + text(*step.destructor);
    return result;
  }
  std::string describe(const LiftFunction& step) const {
    return text(step.to) + " = lift " + text(step.callee) + " " + function(step.function) +
           options(step.options);
  }
  std::string describe(const LowerFunction& step) const {
    return text(step.to) + " = lower " + text(step.callee) + " " + function(step.function) +
           options(step.options);
  }
  std::string describe(const MakeBuiltIn& step) const {
    const CanonInfo& info = canon_info(step.kind);
    std::string result = text(step.to) + " = " + std::string(info.text);
    if (info.text.starts_with("resource.")) result += " " + text(step.resource);
    if (step.layout != kNoLayout) result += " " + type(part_.layouts.at(step.layout).type);
    if (info.shape == CanonShape::slot) result += " " + std::to_string(step.context_slot);
    if (step.table) result += " table=" + text(*step.table);
    return result + options(step.options) + (step.is_async ? " async" : "");
  }

  std::string type(TypeId id) const { return describe_type(*resolved_.types, id); }

  std::string function(FunctionIndex index) const {
    const FunctionLayout& function = part_.functions[static_cast<size_t>(index)];
    std::string result = function.is_async ? "async func(" : "func(";
    const Layout& params = part_.layouts.at(function.params);
    for (const Layout::Part& param : params.parts) {
      if (&param != params.parts.data()) result += ", ";
      result += std::string(param.label) + ": " + type(part_.layouts.at(param.layout).type);
    }
    result += ")";
    if (function.result == kNoLayout) return result;
    return result + " -> " + type(part_.layouts.at(function.result).type);
  }

  static std::string options(const CanonOptions& options) {
    std::string result;
    if (options.encoding == StringEncoding::utf16) result += " utf16";
    if (options.encoding == StringEncoding::latin1_utf16) result += " latin1+utf16";
    auto add = [&](std::string_view name, const std::optional<CoreSlot>& slot) {
      if (slot) result += " " + std::string(name) + "=" + text(*slot);
    };
    add("memory", options.memory);
    add("realloc", options.realloc);
    add("post-return", options.post_return);
    add("callback", options.callback);
    return result;
  }

  const Resolved& resolved_;
  const Part& part_;
  std::string out_;
};

}  // namespace

std::string print_plan(const Resolved& resolved) {
  std::string result;
  for (size_t i = 0; i < resolved.parts.size(); ++i) {
    bool is_root = PartIndex{static_cast<uint32_t>(i)} == resolved.root;
    result += "component " + std::to_string(i) + (is_root ? " (the whole)\n" : "\n");
    result += PlanPrinter(resolved, resolved.parts[i]).print();
  }
  return result;
}

}  // namespace nacre::component
