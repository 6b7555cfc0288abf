// Settings of a run beside its grants: settings.def as types.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace nacre::grant {

enum class Setting : uint8_t {
#define SETTING(name, ...) name,
#include "grant/settings.def"
#undef SETTING
};

enum class SaidBy : uint8_t { option, denial, run, program, file };
enum class ValueOf : uint8_t { none, needed, optional };

// A row of settings.def. The texts end in NUL.
struct SettingInfo {
  Setting setting;
  std::string_view name;  // as people write it: "ask-server"
  SaidBy said_by;
  ValueOf value;
  std::string_view form;
  std::string_view help;
};
// All of them, in the order of the table.
std::span<const SettingInfo> settings();
const SettingInfo& info_of(Setting setting);
// By its name; null: there is none.
const SettingInfo* find_setting(std::string_view name);

}  // namespace nacre::grant
