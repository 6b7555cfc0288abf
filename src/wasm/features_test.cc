#include "wasm/features.h"

#include <gtest/gtest.h>

namespace nacre::wasm {
namespace {

TEST(Features, TableDecidesTheDefaults) {
  Features features;
#define FEATURE(name, text, on, decoded, runs, proposal, summary)    \
  EXPECT_EQ(features.has(Feature::name), on) << text;                \
  EXPECT_EQ(Features::all_built().has(Feature::name), decoded);      \
  EXPECT_EQ(find_feature(text), Feature::name);                      \
  EXPECT_TRUE(decoded || !(on)) << text << " is on but not decoded"; \
  EXPECT_TRUE(decoded || !(runs)) << text << " runs but is not decoded";
#include "wasm/features.def"
#undef FEATURE
  EXPECT_EQ(find_feature("no-such"), std::nullopt);
}

TEST(Features, ApplyChanges) {
  Features features;
  ASSERT_TRUE(features.apply("+custom-page-sizes,-simd"));
  EXPECT_TRUE(features.has(Feature::custom_page_sizes));
  EXPECT_FALSE(features.has(Feature::simd));
  ASSERT_TRUE(features.apply("+simd"));
  ASSERT_TRUE(features.apply("-custom-page-sizes"));
  EXPECT_EQ(features, Features());
}

TEST(Features, WhatBuildsOnWhatIsOffIsOff) {
  Features features;
  ASSERT_TRUE(features.apply("-reference-types"));
  EXPECT_FALSE(features.has(Feature::function_references));
  EXPECT_FALSE(features.has(Feature::gc));
  EXPECT_TRUE(features.has(Feature::bulk_memory));
  ASSERT_TRUE(features.apply("-simd,-relaxed-simd,+gc,+relaxed-simd"));
  EXPECT_EQ(features, Features());
}

TEST(Features, WrongChangesChangeNothing) {
  struct Row {
    std::string_view changes;
    ErrorCode code;
  };
  for (const Row& row : {
           Row{"", ErrorCode::usage},
           Row{"simd", ErrorCode::usage},
           Row{"-simd,", ErrorCode::usage},
           Row{"-simd,+no-such", ErrorCode::usage},
           Row{"-mvp", ErrorCode::usage},
           Row{"-simd,+stack-switching", ErrorCode::unsupported},
       }) {
    Features features;
    Result<void> result = features.apply(row.changes);
    ASSERT_FALSE(result) << row.changes;
    EXPECT_EQ(result.error().code(), row.code) << row.changes;
    EXPECT_EQ(features, Features()) << row.changes;
  }
}

}  // namespace
}  // namespace nacre::wasm
