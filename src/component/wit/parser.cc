#include "component/wit/parser.h"

#include <algorithm>
#include <charconv>

#include "base/utf8.h"
#include "component/names.h"
#include "component/wit/lexer.h"
#include "component/wit/limits.h"
#include "wasm/text/lexer.h"
#include "wasm/text/strings.h"

namespace nacre::component::wit {
namespace {

constexpr size_t kShownTokenBytes = 40;

// WIT's type constructors and primitives by their tokens.
TypeKind type_kind(TokenKind token) {
  switch (token) {
#define PRIMITIVE(name, text, key) \
  case TokenKind::kw_##name:       \
    return TypeKind::name;
#define CONSTRUCTED(name, text) PRIMITIVE(name, text, )
#include "component/wit/keywords.def"
    case TokenKind::name:
      return TypeKind::named;
    default:
      return TypeKind::none;
  }
}

bool may_be_key(TypeKind kind) {
  switch (kind) {
#define PRIMITIVE(name, text, key) \
  case TypeKind::name:             \
    return key;
#include "component/wit/keywords.def"
    default:
      return false;
  }
}

// Words that were keywords once, and what they are called now.
struct Renamed {
  std::string_view old;
  std::string_view now;
};
constexpr Renamed kRenamed[] = {{"float32", "f32"}, {"float64", "f64"}};

class Parser {
 public:
  explicit Parser(const SourceFile& file) : file_(file), lexer_(file.text) {
    current_ = lexer_.next();
  }

  Result<syntax::File> parse_file() {
    syntax::File file;
    if (std::optional<BadCharacter> bad = find_bad_character(file_.text)) {
      return fail_here(bad->offset, bad->message);
    }
    if (at(TokenKind::kw_package)) {
      syntax::Block block = TRY(package_header());
      if (take(';')) {
        file.root = std::move(block);
      } else {
        file.nested.push_back(TRY(package_body(std::move(block))));
      }
    }
    while (!at(TokenKind::end)) {
      if (!at(TokenKind::kw_package)) {
        TRY(top_item(file.root));
        continue;
      }
      syntax::Block block = TRY(package_header());
      file.nested.push_back(TRY(package_body(std::move(block))));
    }
    return file;
  }

 private:
  // ---- tokens

  bool at(TokenKind kind) const { return current_.kind == kind; }
  Token take() {
    Token token = current_;
    current_ = lexer_.next();
    return token;
  }
  bool take(TokenKind kind) {
    if (!at(kind)) return false;
    take();
    return true;
  }
  bool take(char symbol) {
    if (!current_.is(symbol)) return false;
    take();
    return true;
  }
  Result<void> expect(char symbol) {
    if (take(symbol)) return {};
    return unexpected(std::string("`") + symbol + "`");
  }
  Result<void> expect(TokenKind kind, std::string_view what) {
    if (take(kind)) return {};
    return unexpected(what);
  }

  std::unexpected<Error> fail_here(size_t offset, const std::string& message,
                                   ErrorCode code = ErrorCode::malformed) const {
    return fail_at(file_, offset, code, place_.empty() ? message : place_ + ": " + message);
  }
  std::unexpected<Error> unexpected(std::string_view wanted) const {
    std::string expected = ", expected " + std::string(wanted);
    switch (current_.kind) {
      case TokenKind::bad:
        return fail_here(current_.offset, lexer_.error());
      case TokenKind::end:
        return fail_here(current_.offset, "the file ends here" + expected);
      default: {
        std::string shown = printable(current_.text, kShownTokenBytes);
        const auto* renamed = std::ranges::find(kRenamed, current_.text, &Renamed::old);
        std::string hint;
        if (renamed != std::end(kRenamed)) {
          hint = " (it is called `" + std::string(renamed->now) + "` now)";
        } else if (is_keyword(current_.text) && wanted.ends_with("name")) {
          hint = " (as a name this keyword is written `%" + shown + "`)";
        }
        return fail_here(current_.offset, "unexpected `" + shown + "`" + expected + hint);
      }
    }
  }

  // What is being read, for errors: "interface `types`, record `stat`". Ends with its scope.
  class Place {
   public:
    Place(Parser& parser, std::string_view what, std::string_view name)
        : place_(parser.place_), size_(place_.size()) {
      if (!place_.empty()) place_ += ", ";
      place_ += std::string(what) + " `" + printable(name, kShownTokenBytes) + "`";
    }
    ~Place() { place_.resize(size_); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    std::string& place_;
    size_t size_;
  };

  // ---- names, paths, versions

  Result<syntax::Name> name(std::string_view what = "a name") {
    if (!at(TokenKind::name)) return unexpected(what);
    std::string_view text = current_.name();
    if (!is_label(text)) {
      return fail_here(
          current_.offset,
          "`" + printable(text, kShownTokenBytes) +
              "` is not a name: words are joined by single hyphens, begin with a letter "
              "or, but for the first, a digit, and are all lower or all upper case");
    }
    return syntax::Name{text, take().offset};
  }

  // The lexer stands at it.
  Result<std::string_view> version() {
    std::string_view text = lexer_.take_version();
    auto offset = static_cast<size_t>(text.data() - file_.text.data());
    current_ = lexer_.next();
    if (text.empty()) return unexpected("a version like 1.0.0");
    Result<Version> parsed = parse_version(text);
    if (!parsed) return fail_here(offset, parsed.error().message());
    return text;
  }
  Result<std::string_view> optional_version() {
    if (!current_.is('@')) return std::string_view();
    return version();
  }

  // Behind "NAME:".
  Result<syntax::PackageName> package_name(syntax::Name name_space) {
    syntax::PackageName package;
    package.name_space = name_space;
    package.name = TRY(name("the name of a package"));
    if (current_.is(':')) {
      return fail_here(current_.offset, "nested namespaces and packages are not supported",
                       ErrorCode::unsupported);
    }
    return package;
  }

  Result<syntax::Path> path() {
    syntax::Name first = TRY(name("the name of an interface or world"));
    return path_behind(first);
  }
  Result<syntax::Path> path_behind(syntax::Name first) {
    syntax::Path path;
    path.offset = first.offset;
    if (!take(':')) {
      path.name = first;
      return path;
    }
    syntax::PackageName package = TRY(package_name(first));
    TRY(expect('/'));
    path.name = TRY(name("the name of an interface or world"));
    package.version = TRY(optional_version());
    path.package = package;
    return path;
  }

  // "{ a, b as c }", with `as` in every entry if `must_rename`.
  Result<std::vector<syntax::UsedName>> used_names(bool must_rename) {
    std::vector<syntax::UsedName> names;
    TRY(expect('{'));
    while (!take('}')) {
      syntax::UsedName used;
      used.name = used.as = TRY(name());
      if (take(TokenKind::kw_as)) {
        used.as = TRY(name());
      } else if (must_rename) {
        return unexpected("`as`");
      }
      names.push_back(used);
      if (!take(',') && !current_.is('}')) return unexpected("`,` or `}`");
    }
    return names;
  }

  // ---- packages

  Result<syntax::Block> package_header() {
    syntax::Block block;
    block.docs = docs();
    take();
    syntax::Name name_space = TRY(name("the namespace of a package"));
    TRY(expect(':'));
    syntax::PackageName package = TRY(package_name(name_space));
    package.version = TRY(optional_version());
    block.package = package;
    return block;
  }

  Result<syntax::Block> package_body(syntax::Block block) {
    Place place(
        *this, "package",
        std::string(block.package->name_space.text) + ":" + std::string(block.package->name.text));
    TRY(expect('{'));
    while (!take('}')) TRY(top_item(block));
    return block;
  }

  Result<void> top_item(syntax::Block& block) {
    syntax::Attributes attributes = TRY(this->attributes());
    switch (current_.kind) {
      case TokenKind::kw_use:
        TRY(no_attributes(attributes, "`use` outside of interfaces and worlds"));
        block.uses.push_back(TRY(top_use()));
        return {};
      case TokenKind::kw_interface: {
        TRY(no_external_id(attributes, "an interface"));
        take();
        syntax::Name name = TRY(this->name("the interface's name"));
        block.interfaces.push_back(TRY(interface(std::move(attributes), name)));
        return {};
      }
      case TokenKind::kw_world:
        TRY(no_external_id(attributes, "a world"));
        block.worlds.push_back(TRY(world(std::move(attributes))));
        return {};
      default:
        return unexpected("`interface`, `world`, `use` or `package`");
    }
  }

  Result<syntax::TopUse> top_use() {
    take();
    syntax::TopUse use;
    use.path = TRY(path());
    use.as = use.path.name;
    if (take(TokenKind::kw_as)) use.as = TRY(name());
    TRY(expect(';'));
    return use;
  }

  // ---- attributes

  std::string docs() const {
    return documentation(std::string_view(file_.text)
                             .substr(current_.gap_begin, current_.offset - current_.gap_begin));
  }

  Result<syntax::Attributes> attributes() {
    syntax::Attributes attributes;
    attributes.docs = docs();
    attributes.gate_offset = current_.offset;
    bool has_external_id = false;
    while (take('@')) TRY(attribute(attributes, has_external_id));
    const Gate& gate = attributes.gate;
    if (!gate.deprecated.empty() && gate.kind == Gate::Kind::none) {
      return fail_here(attributes.gate_offset, "@deprecated stands without @since or @unstable");
    }
    return attributes;
  }

  Result<void> attribute(syntax::Attributes& attributes, bool& has_external_id) {
    Token word = current_;
    Gate& gate = attributes.gate;
    auto twice = [&] {
      return fail_here(word.offset, "@" + std::string(word.text) + " stands twice");
    };
    if (word.text == "since" || word.text == "unstable") {
      bool is_since = word.text == "since";
      Gate::Kind kind = is_since ? Gate::Kind::since : Gate::Kind::unstable;
      if (gate.kind == kind) return twice();
      if (gate.kind != Gate::Kind::none) {
        return fail_here(word.offset, "@since and @unstable exclude each other");
      }
      gate.kind = kind;
      take();
      if (is_since) {
        gate.since = TRY(version_field());
      } else {
        gate.feature = TRY(feature_field());
      }
    } else if (word.text == "deprecated") {
      if (!gate.deprecated.empty()) return twice();
      take();
      gate.deprecated = TRY(version_field());
    } else if (word.text == "external-id") {
      if (has_external_id) return twice();
      has_external_id = true;
      take();
      attributes.external_id = TRY(external_id());
    } else {
      return unexpected("since, unstable, deprecated or external-id behind `@`");
    }
    return {};
  }

  // "(version = 1.0.0)"
  Result<std::string> version_field() {
    TRY(expect('('));
    if (current_.text != "version") return unexpected("`version`");
    take();
    if (!current_.is('=')) return unexpected("`=`");
    std::string_view text = TRY(version());
    TRY(expect(')'));
    return std::string(text);
  }
  // "(feature = name)"
  Result<std::string> feature_field() {
    TRY(expect('('));
    if (current_.text != "feature") return unexpected("`feature`");
    take();
    TRY(expect('='));
    syntax::Name feature = TRY(name("the name of a feature"));
    TRY(expect(')'));
    return std::string(feature.text);
  }
  // "("text")"
  Result<std::string> external_id() {
    TRY(expect('('));
    if (!at(TokenKind::string)) return unexpected("a string");
    wasm::text::Token literal{wasm::text::TokenKind::string, current_.text.contains('\\'),
                              current_.text};
    std::string text;
    wasm::text::append_string(text, literal);
    if (!is_utf8(text)) return fail_here(current_.offset, "the string is not UTF-8");
    take();
    TRY(expect(')'));
    return text;
  }

  Result<void> no_external_id(const syntax::Attributes& attributes, const std::string& what) const {
    if (attributes.external_id.empty()) return {};
    return fail_here(attributes.gate_offset, "@external-id does not belong to " + what);
  }
  Result<void> no_attributes(const syntax::Attributes& attributes, const std::string& what) const {
    if (attributes.gate.kind != Gate::Kind::none) {
      return fail_here(attributes.gate_offset, "a feature gate does not belong to " + what);
    }
    return no_external_id(attributes, what);
  }

  // ---- interfaces and worlds

  // Behind its name, or behind `interface` in a world.
  Result<syntax::Interface> interface(syntax::Attributes attributes, syntax::Name name) {
    Place place(*this, "interface", name.text);
    syntax::Interface interface;
    interface.attributes = std::move(attributes);
    interface.name = name;
    TRY(expect('{'));
    while (!take('}')) interface.items.push_back(TRY(interface_item()));
    return interface;
  }

  Result<syntax::InterfaceItem> interface_item() {
    syntax::Attributes attributes = TRY(this->attributes());
    if (at(TokenKind::kw_use)) return TRY(use(std::move(attributes)));
    if (at_type_def()) return TRY(type_def(std::move(attributes)));
    if (!at(TokenKind::name)) return unexpected("`use`, a type, a function or `}`");
    syntax::Name name = TRY(this->name());
    Place place(*this, "function", name.text);
    TRY(expect(':'));
    syntax::Function function = TRY(this->function(std::move(attributes), name));
    TRY(expect(';'));
    return function;
  }

  Result<syntax::World> world(syntax::Attributes attributes) {
    take();
    syntax::World world;
    world.attributes = std::move(attributes);
    world.name = TRY(name("the world's name"));
    Place place(*this, "world", world.name.text);
    TRY(expect('{'));
    while (!take('}')) world.items.push_back(TRY(world_item()));
    return world;
  }

  Result<syntax::WorldItem> world_item() {
    syntax::Attributes attributes = TRY(this->attributes());
    if (at_type_def()) return TRY(type_def(std::move(attributes)));
    switch (current_.kind) {
      case TokenKind::kw_use:
        return TRY(use(std::move(attributes)));
      case TokenKind::kw_include:
        return TRY(include(std::move(attributes)));
      case TokenKind::kw_import:
      case TokenKind::kw_export_:
        return TRY(extern_item(std::move(attributes)));
      default:
        return unexpected("`import`, `export`, `include`, `use`, a type or `}`");
    }
  }

  Result<syntax::Use> use(syntax::Attributes attributes) {
    TRY(no_external_id(attributes, "`use`"));
    take();
    syntax::Use use;
    use.attributes = std::move(attributes);
    use.from = TRY(path());
    TRY(expect('.'));
    use.names = TRY(used_names(/*must_rename=*/false));
    TRY(expect(';'));
    return use;
  }

  Result<syntax::Include> include(syntax::Attributes attributes) {
    TRY(no_external_id(attributes, "`include`"));
    take();
    syntax::Include include;
    include.attributes = std::move(attributes);
    include.world = TRY(path());
    if (take(TokenKind::kw_with)) {
      include.renamed = TRY(used_names(/*must_rename=*/true));
    } else {
      TRY(expect(';'));
    }
    return include;
  }

  Result<syntax::Extern> extern_item(syntax::Attributes attributes) {
    syntax::Extern item;
    item.is_export = take().kind == TokenKind::kw_export_;
    syntax::Name first = TRY(name("the name of what is imported or exported"));
    Place place(*this, item.is_export ? "export" : "import", first.text);
    if (!current_.is(':') || follows_package_name()) {
      item.what = syntax::Extern::Named{TRY(path_behind(first))};
      item.attributes = std::move(attributes);
      TRY(expect(';'));
      return item;
    }
    take();
    item.name = first;
    if (take(TokenKind::kw_interface)) {
      item.what = TRY(interface({}, first));
    } else if (at(TokenKind::kw_func) || at(TokenKind::kw_async)) {
      item.what = TRY(function({}, first));
      TRY(expect(';'));
    } else if (at(TokenKind::name)) {
      item.what = syntax::Extern::Implements{TRY(path())};
      TRY(expect(';'));
    } else {
      return unexpected("`func`, `interface` or the name of an interface");
    }
    item.attributes = std::move(attributes);
    return item;
  }

  // At the ":" in "ns:package/interface" rather than in "name: interface".
  bool follows_package_name() const {
    Lexer ahead = lexer_;
    return ahead.next().kind == TokenKind::name && ahead.next().is('/');
  }

  // ---- functions

  // At `async` or `func`; up to what follows the result.
  Result<syntax::Function> function(syntax::Attributes attributes, syntax::Name name) {
    syntax::Function function;
    function.attributes = std::move(attributes);
    function.name = name;
    function.is_async = take(TokenKind::kw_async);
    TRY(expect(TokenKind::kw_func, "`func`"));
    TRY(signature(function));
    return function;
  }

  Result<void> signature(syntax::Function& function) {
    TRY(expect('('));
    while (!take(')')) {
      syntax::Param param;
      param.name = TRY(name("a parameter's name"));
      TRY(expect(':'));
      param.type = TRY(type());
      function.params.push_back(std::move(param));
      if (!take(',') && !current_.is(')')) return unexpected("`,` or `)`");
    }
    if (take(TokenKind::arrow)) function.result = TRY(type());
    return {};
  }

  Result<syntax::Function> resource_function(syntax::Name resource) {
    syntax::Attributes attributes = TRY(this->attributes());
    if (at(TokenKind::kw_constructor)) {
      syntax::Function function;
      function.attributes = std::move(attributes);
      function.kind = FunctionKind::constructor;
      function.name = {resource.text, take().offset};
      TRY(signature(function));
      TRY(expect(';'));
      return function;
    }
    syntax::Name name = TRY(this->name("`constructor` or a method's name"));
    Place place(*this, "function", name.text);
    TRY(expect(':'));
    bool is_static = take(TokenKind::kw_static_);
    syntax::Function function = TRY(this->function(std::move(attributes), name));
    function.kind = is_static ? FunctionKind::static_ : FunctionKind::method;
    TRY(expect(';'));
    return function;
  }

  // ---- types

  bool at_type_def() const {
    switch (current_.kind) {
      case TokenKind::kw_type:
      case TokenKind::kw_record:
      case TokenKind::kw_variant:
      case TokenKind::kw_enum_:
      case TokenKind::kw_flags:
      case TokenKind::kw_resource:
        return true;
      default:
        return false;
    }
  }

  Result<syntax::TypeDef> type_def(syntax::Attributes attributes) {
    Token keyword = take();
    syntax::TypeDef def;
    def.attributes = std::move(attributes);
    def.name = TRY(name("the type's name"));
    Place place(*this, keyword.text, def.name.text);
    switch (keyword.kind) {
      case TokenKind::kw_type:
        def.kind = TypeDefKind::alias;
        TRY(expect('='));
        def.alias = TRY(type());
        TRY(expect(';'));
        break;
      case TokenKind::kw_record:
        def.kind = TypeDefKind::record;
        def.members = TRY(members(Payload::always));
        break;
      case TokenKind::kw_variant:
        def.kind = TypeDefKind::variant;
        def.members = TRY(members(Payload::maybe));
        break;
      case TokenKind::kw_enum_:
        def.kind = TypeDefKind::enum_;
        def.members = TRY(members(Payload::never));
        break;
      case TokenKind::kw_flags:
        def.kind = TypeDefKind::flags;
        def.members = TRY(members(Payload::never));
        break;
      default:
        def.kind = TypeDefKind::resource;
        TRY(resource_body(def));
        break;
    }
    return def;
  }

  Result<void> resource_body(syntax::TypeDef& def) {
    if (take(';')) return {};
    TRY(expect('{'));
    while (!take('}')) def.functions.push_back(TRY(resource_function(def.name)));
    return {};
  }

  enum class Payload : uint8_t {
    always,  // "name: type"
    maybe,   // "name" or "name(type)"
    never,   // "name"
  };
  Result<std::vector<syntax::Member>> members(Payload payload) {
    TRY(expect('{'));
    if (current_.is('}')) return fail_here(current_.offset, "it has nothing in it");
    std::vector<syntax::Member> members;
    while (!take('}')) {
      syntax::Member member;
      member.docs = docs();
      member.name = TRY(name());
      if (payload == Payload::always) {
        TRY(expect(':'));
        member.type = TRY(type());
      } else if (payload == Payload::maybe && take('(')) {
        member.type = TRY(type());
        TRY(expect(')'));
      }
      members.push_back(std::move(member));
      if (!take(',') && !current_.is('}')) return unexpected("`,` or `}`");
    }
    return members;
  }

  Result<syntax::Type> type() {
    if (depth_ == kMaxTypeNesting) {
      return fail_here(current_.offset, "types are nested too deeply", ErrorCode::limit);
    }
    ++depth_;
    Result<syntax::Type> type = type_inside();
    --depth_;
    return type;
  }

  Result<syntax::Type> type_inside() {
    syntax::Type type;
    type.kind = type_kind(current_.kind);
    type.offset = current_.offset;
    bool is_renamed =
        std::ranges::find(kRenamed, current_.text, &Renamed::old) != std::end(kRenamed);
    if (type.kind == TypeKind::none || is_renamed) return unexpected("a type");
    if (type.kind == TypeKind::named) {
      type.name = TRY(name());
      return type;
    }
    take();
    if (!is_primitive(type.kind)) TRY(type_arguments(type));
    return type;
  }

  // Behind the keyword of a constructed type.
  Result<void> type_arguments(syntax::Type& type) {
    switch (type.kind) {
      case TypeKind::result:
        return result_arguments(type);
      case TypeKind::future:
      case TypeKind::stream:
        if (!current_.is('<')) {
          type.arguments.emplace_back();
          return {};
        }
        break;
      default:
        break;
    }
    TRY(expect('<'));
    if (type.kind == TypeKind::own || type.kind == TypeKind::borrow) {
      type.name = TRY(name("the name of a resource"));
      return expect('>');
    }
    type.arguments.push_back(TRY(this->type()));
    switch (type.kind) {
      case TypeKind::list:
        if (take(',')) {
          type.kind = TypeKind::fixed_list;
          type.length = TRY(list_length());
        }
        break;
      case TypeKind::map:
        if (!may_be_key(type.arguments[0].kind)) {
          return fail_here(type.arguments[0].offset,
                           "keys of maps are integers, bool, char or string");
        }
        TRY(expect(','));
        type.arguments.push_back(TRY(this->type()));
        break;
      case TypeKind::tuple:
        while (take(',') && !current_.is('>')) type.arguments.push_back(TRY(this->type()));
        break;
      default:
        break;
    }
    return expect('>');
  }

  Result<void> result_arguments(syntax::Type& type) {
    type.arguments.resize(2);
    if (!take('<')) return {};
    if (take('_')) {
      TRY(expect(','));
      type.arguments[1] = TRY(this->type());
      return expect('>');
    }
    type.arguments[0] = TRY(this->type());
    if (take(',')) type.arguments[1] = TRY(this->type());
    return expect('>');
  }

  Result<uint32_t> list_length() {
    if (!at(TokenKind::integer)) return unexpected("a number");
    std::string_view text = current_.text;
    uint32_t length = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error != std::errc() || text.starts_with('0')) {
      return fail_here(current_.offset, "a list's length is a number from 1 to 4294967295");
    }
    take();
    return length;
  }

  const SourceFile& file_;
  Lexer lexer_;
  Token current_;
  std::string place_;
  size_t depth_ = 0;
};

}  // namespace

std::unexpected<Error> fail_at(const SourceFile& file, size_t offset, ErrorCode code,
                               const std::string& message) {
  Location where = wasm::text::locate(file.text, offset);
  return fail(code, file.path + ":" + std::to_string(where.line) + ":" +
                        std::to_string(where.column) + ": " + message);
}

Result<syntax::File> parse(const SourceFile& file) {
  if (file.text.size() > kMaxFileBytes) {
    return fail(ErrorCode::limit, file.path + ": the file is larger than " +
                                      std::to_string(kMaxFileBytes >> 20) + " MiB");
  }
  return Parser(file).parse_file();
}

}  // namespace nacre::component::wit
