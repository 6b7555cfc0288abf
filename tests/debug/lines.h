// What tests/debug finds the lines of: functions that become part of others.
namespace geo {
namespace {
struct Vec {
  int length;
  [[gnu::always_inline]] int at(int i) const {
    if (i > length) __builtin_trap();
    return i * length;
  }
};
}  // namespace

template <class T>
[[gnu::always_inline]] inline int next(T v, int i) {
  int after = i + 1;
  return v.at(after) + 1;
}
}  // namespace geo
