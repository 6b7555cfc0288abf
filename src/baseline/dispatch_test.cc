#include "baseline/dispatch.h"

#include <gtest/gtest.h>

namespace nacre::baseline {
namespace {

std::vector<uint32_t> found(const DispatchFinder& finder) {
  std::vector<uint32_t> positions;
  finder.finish(positions);
  return positions;
}

DispatchFinder finder_of(size_t locals) {
  DispatchFinder finder;
  finder.start();
  finder.allow_locals(locals);
  return finder;
}

TEST(DispatchFinder, SelectOfTheCounterInALoop) {
  DispatchFinder finder = finder_of(2);
  finder.local_get(0);
  finder.load();
  finder.local_set(1);
  finder.local_get(1);
  finder.dispatch(true);
  finder.select(7, true);
  finder.local_set(0);
  EXPECT_EQ(found(finder), std::vector<uint32_t>{7});
}

TEST(DispatchFinder, OpcodeThatIsUsedAtOnce) {
  DispatchFinder finder = finder_of(1);
  finder.select(7, true);
  finder.local_tee(0);
  finder.load();
  finder.dispatch(true);
  EXPECT_EQ(found(finder), std::vector<uint32_t>{7});
}

TEST(DispatchFinder, CounterThatIsCopied) {
  DispatchFinder finder = finder_of(3);
  finder.select(7, true);
  finder.local_set(0);
  finder.local_get(0);
  finder.local_set(1);
  finder.local_get(1);
  finder.load();
  finder.dispatch(true);
  EXPECT_EQ(found(finder), std::vector<uint32_t>{7});
}

TEST(DispatchFinder, SelectOfSomethingElse) {
  DispatchFinder finder = finder_of(3);
  finder.local_get(0);
  finder.load();
  finder.dispatch(true);
  finder.select(7, true);
  finder.local_set(2);
  EXPECT_TRUE(found(finder).empty());
}

TEST(DispatchFinder, AnOpcodeIsNoCounter) {
  DispatchFinder finder = finder_of(1);
  finder.select(7, true);
  finder.local_tee(0);
  finder.dispatch(true);
  EXPECT_TRUE(found(finder).empty());
}

TEST(DispatchFinder, SelectsOutsideOfLoopsCountForTailCallsOnly) {
  for (bool in_loop : {true, false}) {
    DispatchFinder finder = finder_of(1);
    finder.select(7, false);
    finder.local_tee(0);
    finder.load();
    finder.dispatch(in_loop);
    EXPECT_EQ(found(finder).empty(), in_loop);
  }
}

TEST(DispatchFinder, ForgetsTheFunctionBefore) {
  DispatchFinder finder = finder_of(1);
  finder.select(7, true);
  finder.local_tee(0);
  finder.load();
  finder.dispatch(true);
  finder.start();
  finder.allow_locals(1);
  finder.dispatch(true);
  EXPECT_TRUE(found(finder).empty());
}

}  // namespace
}  // namespace nacre::baseline
