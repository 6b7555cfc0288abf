#include "grant/json.h"
#include "grant/policy_file.h"
#include "grant/settings.h"

namespace nacre::grant {
namespace {

std::string json(std::string_view text) {
  std::string out = "\"";
  append_json(out, text);
  return out + "\"";
}

std::string value_schema(const KindInfo& info, bool allow) {
  std::string described = R"("description": )" + json(info.help);
  switch (info.shape) {
    case Shape::on_off:
      return allow ? R"({ "type": "boolean", )" + described + " }"
                   : R"({ "const": true, )" + described + " }";
    case Shape::count:
      return R"({ "type": ["integer", "string"], )" + described + " }";
    case Shape::size:
      return R"({ "type": "string", "pattern": "^[0-9]+([KMGTPEkmgtpe](i?[Bb])?|[Bb])?$", )" +
             described + " }";
    case Shape::duration:
      return R"({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h)$", )" + described + " }";
    default:
      return R"({ "$ref": "#/$defs/texts", )" + described + R"(, "examples": [)" + json(info.form) +
             "] }";
  }
}

bool is_limit(Shape shape) {
  return shape == Shape::count || shape == Shape::size || shape == Shape::duration;
}

std::string table_schema(bool allow) {
  std::string out =
      "{\n      \"type\": \"object\",\n      \"additionalProperties\": false,\n"
      "      \"properties\": {";
  bool first = true;
  for (const KindInfo& info : kinds()) {
    if (!allow && is_limit(info.shape)) continue;
    out += first ? "\n" : ",\n";
    first = false;
    out += "        " + json(info.name) + ": " + value_schema(info, allow);
  }
  return out + "\n      }\n    }";
}

}  // namespace

std::string policy_schema() {
  return "{\n"
         "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
         "  \"title\": \"Policy files of Nacre (nacre.toml)\",\n"
         "  \"type\": \"object\",\n"
         "  \"additionalProperties\": false,\n"
         "  \"properties\": {\n"
         "    \"module\": { \"type\": \"string\", \"pattern\": \"^sha256:[0-9a-f]{64}$\",\n"
         "      \"description\": " +
         json(info_of(Setting::module).help) +
         " },\n"
         "    \"allow\": " +
         table_schema(true) + ",\n    \"deny\": " + table_schema(false) +
         "\n  },\n"
         "  \"$defs\": {\n"
         "    \"texts\": {\n"
         "      \"anyOf\": [\n"
         "        { \"type\": \"string\" },\n"
         "        { \"type\": \"array\", \"items\": { \"type\": \"string\" } }\n"
         "      ]\n"
         "    }\n"
         "  }\n"
         "}\n";
}

}  // namespace nacre::grant
