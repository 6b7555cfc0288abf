// Types by the names that WIT gives them, and their layouts.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "component/canonical/layout.h"
#include "component/limits.h"
#include "component/wit/resolve.h"
#include "component/wit/value_types.h"

namespace nacre::component {

class TypesForTest {
 public:
  // `declarations` are what stands in an interface.
  explicit TypesForTest(std::string_view declarations) {
    std::string text = "package t:t;\ninterface types {\n" + std::string(declarations) + "}\n";
    std::vector<wit::PackageSource> sources = {{"t", {{"t.wit", std::move(text)}}}};
    Result<wit::Resolve> resolved = wit::resolve(sources, {});
    EXPECT_TRUE(resolved) << resolved.error().to_string();
    if (resolved) resolve_ = std::move(*resolved);
  }

  const Types& types() const { return types_; }

  TypeId type(std::string_view name) {
    for (wit::TypeDefId id : resolve_.interfaces[0].types) {
      if (resolve_.type_defs[id].name == name) {
        return *values_.of({wit::TypeKind::named, id});
      }
    }
    ADD_FAILURE() << "no type " << name;
    return types_.primitive(Primitive::boolean);
  }

  LayoutId layout(std::string_view name, Layouts& layouts) {
    return *layouts.add(types_, type(name), &number);
  }
  static Result<ResourceIndex> number(ResourceId id) {
    return ResourceIndex{static_cast<uint32_t>(id)};
  }

 private:
  wit::Resolve resolve_;
  Types types_{max_validation_work(1 << 20)};
  wit::ValueTypes values_{resolve_, types_};
};

}  // namespace nacre::component
