#include "os/timer_heap.h"

namespace nacre::os {

void TimerHeap::add(uint64_t time, void* whose, size_t* place) {
  heap_.emplace_back();
  sift_up(heap_.size() - 1, {time, next_number_++, whose, place});
}

void TimerHeap::remove(size_t* place) {
  size_t hole = *place;
  *place = kNone;
  Timer last = heap_.back();
  heap_.pop_back();
  if (hole == heap_.size()) return;  // it was the last
  bool rises = hole != 0 && last.before(heap_[(hole - 1) / 2]);
  if (rises) {
    sift_up(hole, last);
  } else {
    sift_down(hole, last);
  }
}

// `at` is a hole which `timer` may have, or one above it.
void TimerHeap::sift_up(size_t at, const Timer& timer) {
  while (at != 0) {
    size_t parent = (at - 1) / 2;
    if (!timer.before(heap_[parent])) break;
    put(at, heap_[parent]);
    at = parent;
  }
  put(at, timer);
}

void TimerHeap::sift_down(size_t at, const Timer& timer) {
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].before(heap_[child])) ++child;
    if (!heap_[child].before(timer)) break;
    put(at, heap_[child]);
    at = child;
  }
  put(at, timer);
}

}  // namespace nacre::os
