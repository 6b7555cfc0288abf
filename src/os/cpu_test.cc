#include "os/cpu.h"

#include <gtest/gtest.h>

namespace nacre::os {
namespace {

TEST(CpuFeatures, WordsThenChanges) {
  Result<CpuFeatures> features = parse_cpu_features("all,-avx,-bmi2");
  ASSERT_TRUE(features.has_value());
  EXPECT_FALSE(features->avx);
  EXPECT_FALSE(features->bmi2);
  EXPECT_TRUE(features->avx2);
  EXPECT_TRUE(features->sse41);
  features = parse_cpu_features("none,+sse4.1");
  ASSERT_TRUE(features.has_value());
  EXPECT_TRUE(features->sse41);
  EXPECT_FALSE(features->sse42);
}

TEST(CpuFeatures, NativeIsThisProcessor) {
  CpuFeatures own = cpu_features();
  for (const char* text : {"", "native"}) {
    Result<CpuFeatures> features = parse_cpu_features(text);
    ASSERT_TRUE(features.has_value());
    EXPECT_EQ(features->avx, own.avx);
    EXPECT_EQ(features->popcnt, own.popcnt);
  }
  Result<CpuFeatures> changed = parse_cpu_features(own.avx ? "-avx" : "+avx");
  ASSERT_TRUE(changed.has_value());
  EXPECT_NE(changed->avx, own.avx);
}

TEST(CpuFeatures, WhatIsNoFeatureIsNamed) {
  for (const char* text : {"some", "all,avx", "all,-sse9", "-", "all,,-avx", "-avx,all"}) {
    Result<CpuFeatures> features = parse_cpu_features(text);
    ASSERT_FALSE(features.has_value()) << text;
    EXPECT_EQ(features.error().code(), ErrorCode::usage);
  }
}

}  // namespace
}  // namespace nacre::os
