// From WIT files to what they mean: packages are put together from files, names are looked up, gates
// decide what exists, worlds get everything that their imports and exports need.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "component/wit/package.h"
#include "component/wit/parser.h"

namespace nacre::component::wit {

// The files of one package; others may stand in braces inside of them.
struct PackageSource {
  std::string path;  // of the folder or file, as errors name it
  std::vector<SourceFile> files;
};

// Which items behind @unstable exist.
struct UnstableFeatures {
  bool all = false;
  std::set<std::string, std::less<>> names;
};

// The first source is the package that was asked for, the others are what it may refer to. Fails:
// malformed, invalid, limit, unsupported; the message begins with file, line and column.
Result<Resolve> resolve(std::span<const PackageSource> sources, const UnstableFeatures& features);

}  // namespace nacre::component::wit
