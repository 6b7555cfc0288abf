// Collects packages: the blocks of all files by the package that they belong to.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "component/wit/resolve.h"

namespace nacre::component::wit {

// What one file says of a package.
struct Part {
  const SourceFile* file;
  const syntax::Block* block;
};

struct PackageSyntax {
  std::string id;  // "ns:name@version"
  syntax::PackageName name;
  std::string docs;
  std::vector<Part> parts;
};

struct Collected {
  std::deque<syntax::File> files;
  std::vector<PackageSyntax> packages;  // the main one first
  std::unordered_map<std::string, size_t> by_id;
  std::vector<size_t> order;  // each behind those it refers to
};

std::string package_id(const syntax::PackageName& name);

// `sources` must outlive the result.
Result<Collected> collect(std::span<const PackageSource> sources);

}  // namespace nacre::component::wit
