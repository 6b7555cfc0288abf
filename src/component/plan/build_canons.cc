// Canonical definitions to steps.
#include "component/plan/builder.h"

namespace nacre::component {

Result<void> PlanBuilder::define(const Canon& canon) {
  CanonOptions options = TRY(this->options(canon));
  if (canon.kind == CanonKind::lift) return lift(canon, options);
  if (canon.kind == CanonKind::lower) return lower(canon, options);
  return built_in(canon, options);
}

Result<CanonOptions> PlanBuilder::options(const Canon& canon) const {
  CanonOptions options;
  for (const Option& option : canon.options) {
    std::optional<CoreSlot> slot;
    if (std::optional<Sort> sort = option_info(option.kind).sort) {
      slot = TRY(at_index(core_items_[static_cast<size_t>(*sort)], option.index));
    }
    switch (option.kind) {
      case OptionKind::utf8:
        options.encoding = StringEncoding::utf8;
        break;
      case OptionKind::utf16:
        options.encoding = StringEncoding::utf16;
        break;
      case OptionKind::latin1_utf16:
        options.encoding = StringEncoding::latin1_utf16;
        break;
      case OptionKind::memory:
        options.memory = slot;
        break;
      case OptionKind::realloc:
        options.realloc = slot;
        break;
      case OptionKind::post_return:
        options.post_return = slot;
        break;
      case OptionKind::async:
        options.is_async = true;
        break;
      case OptionKind::callback:
        options.callback = slot;
        break;
    }
  }
  return options;
}

Result<FunctionIndex> PlanBuilder::function(TypeId type) {
  FunctionIndex next{static_cast<uint32_t>(part_.functions.size())};
  auto [found, is_new] = functions_.try_emplace(types_.at(type).structure, next);
  if (!is_new) return found->second;
  size_t before = part_.layouts.weight();
  part_.functions.push_back(TRY(
      part_.layouts.add_function(types_, type, [this](ResourceId id) { return resource(id); })));
  TRY(work_.spend(part_.layouts.weight() - before));
  return next;
}

Result<LayoutId> PlanBuilder::layout(TypeId type) {
  size_t before = part_.layouts.weight();
  LayoutId layout =
      TRY(part_.layouts.add(types_, type, [this](ResourceId id) { return resource(id); }));
  TRY(work_.spend(part_.layouts.weight() - before));
  return layout;
}

Result<void> PlanBuilder::lift(const Canon& canon, const CanonOptions& options) {
  LiftFunction step{.callee = TRY(at_index(core_space(Sort::core_func), canon.function)),
                    .function = TRY(function(TRY(at_index(spaces_.funcs, funcs_.size())))),
                    .options = options,
                    .to = new_slot()};
  push(step);
  funcs_.push_back(step.to);
  return {};
}

Result<void> PlanBuilder::lower(const Canon& canon, const CanonOptions& options) {
  LowerFunction step{.callee = TRY(at_index(funcs_, canon.function)),
                     .function = TRY(function(TRY(at_index(spaces_.funcs, canon.function)))),
                     .options = options,
                     .to = new_core_slot()};
  push(step);
  core_space(Sort::core_func).push_back(step.to);
  return {};
}

Result<void> PlanBuilder::built_in(const Canon& canon, CanonOptions options) {
  MakeBuiltIn step{.kind = canon.kind, .options = options};
  switch (canon_info(canon.kind).shape) {
    case CanonShape::type:
    case CanonShape::type_is_async:
    case CanonShape::type_options: {
      TypeId type = TRY(at_index(spaces_.types, canon.type));
      const TypeDef& def = types_.at(type);
      if (def.kind == Type::Kind::resource) {
        step.resource = TRY(resource(def.resource));
      } else {
        step.layout = TRY(layout(type));
      }
      break;
    }
    case CanonShape::result_options:
      if (canon.result) {
        bool is_primitive = canon.result->is_primitive();
        step.layout =
            TRY(layout(is_primitive ? types_.primitive(canon.result->primitive())
                                    : TRY(at_index(spaces_.types, canon.result->index()))));
      }
      break;
    case CanonShape::slot:
      step.context_slot = canon.index;
      break;
    case CanonShape::wait:
      step.options.memory = TRY(at_index(core_space(Sort::core_memory), canon.index));
      break;
    case CanonShape::start:
      step.table = TRY(at_index(core_space(Sort::core_table), canon.index));
      break;
    case CanonShape::none:
    case CanonShape::options:
    case CanonShape::is_async:
    case CanonShape::reserved:
      break;
  }
  bool can_be_async = canon_info(canon.kind).shape == CanonShape::is_async ||
                      canon_info(canon.kind).shape == CanonShape::type_is_async;
  step.is_async = options.is_async || (can_be_async && canon.flag);
  step.to = new_core_slot();
  core_space(Sort::core_func).push_back(step.to);
  push(step);
  return {};
}

}  // namespace nacre::component
