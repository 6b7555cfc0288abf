// A person who answers when a test says so. Included by tests only.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "policy/ask.h"

namespace nacre::broker {

class SlowPerson final : public policy::Asker {
 public:
  std::optional<grant::Answer> ask(const grant::Question& question) override {
    std::unique_lock lock(mutex_);
    EXPECT_FALSE(is_asked_) << "two questions at once";
    is_asked_ = true;
    asked_.push_back(question.object);
    changed_.notify_all();
    changed_.wait(lock, [&] { return always_ || !answers_.empty(); });
    is_asked_ = false;
    if (always_) return always_;
    grant::Answer answer = answers_.front();
    answers_.pop_front();
    return answer;
  }
  void tell(std::string_view) override {}

  // Waits for the question of this number, from 1 on; its object.
  std::string question(size_t number) {
    std::unique_lock lock(mutex_);
    bool came =
        changed_.wait_for(lock, std::chrono::seconds(20), [&] { return asked_.size() >= number; });
    return came ? asked_[number - 1] : "no question";
  }
  size_t questions() {
    std::lock_guard lock(mutex_);
    return asked_.size();
  }
  void say(grant::Answer answer) {
    std::lock_guard lock(mutex_);
    answers_.push_back(answer);
    changed_.notify_all();
  }
  // From now on, to every question at once.
  void say_always(grant::Answer answer) {
    std::lock_guard lock(mutex_);
    always_ = answer;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> asked_;
  std::deque<grant::Answer> answers_;
  std::optional<grant::Answer> always_;
  bool is_asked_ = false;
};

}  // namespace nacre::broker
