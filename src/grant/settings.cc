#include "grant/settings.h"

#include "grant/table_name.h"

namespace nacre::grant {
namespace {

#define SETTING(name, ...) constexpr TableName kName_##name(#name);
#include "grant/settings.def"
#undef SETTING

constexpr SettingInfo kSettings[] = {
#define SETTING(name, said_by, value, form, help) \
  {Setting::name, kName_##name.text, SaidBy::said_by, ValueOf::value, form, help},
#include "grant/settings.def"
#undef SETTING
};

}  // namespace

std::span<const SettingInfo> settings() { return kSettings; }

const SettingInfo& info_of(Setting setting) { return kSettings[static_cast<size_t>(setting)]; }

const SettingInfo* find_setting(std::string_view name) {
  for (const SettingInfo& info : kSettings) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

}  // namespace nacre::grant
