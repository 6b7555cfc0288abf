// Path resolution beneath a directory, one component at a time, for any kind of tree.
//
// os/dir.cc walks the real file system with it where the kernel has no openat2; host/memory_dir.cc
// walks an in-memory tree. A path never leaves its root: `..` goes back along the directories that
// were entered (the tree's own `..` is never used), an absolute path or link target is refused, and
// a symbolic link is expanded here, never by the tree. So it does not matter what another process
// renames meanwhile: each step stays below a directory that was itself reached from the root.
#pragma once

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "os/file.h"

namespace nacre::os {

// In place of an errno: the path leads outside its root (absolute, or `..` above it).
inline constexpr int kOutside = 5000;
inline constexpr int kMaxLinkExpansions = 40;

// What to do when the last component is a symbolic link.
enum class LastLink : uint8_t {
  keep,        // name it, even if a slash follows: for creating, removing, renaming
  if_slashed,  // name it, unless a slash follows: for looking without following
  follow,
};

// How the path ended when it ended in dots; these name a directory, never an entry.
enum class EndsIn : uint8_t { name, dot, dot_dot };

template <class Node>
struct Located {
  std::vector<Node> chain;  // from the root to the directory that holds the last component
  std::string name;         // the last component; empty: the path names chain.back() itself
  EndsIn ends_in = EndsIn::name;
  bool must_be_directory = false;  // a slash (or /.) follows the name

  const Node& parent() const { return chain.back(); }
};

namespace detail {

// Pushes the components of `path` in reverse; whether it ends in a slash.
inline bool push_components(std::string_view path, std::vector<std::string>& pending) {
  size_t end = path.size();
  while (end != 0) {
    size_t slash = path.rfind('/', end - 1);
    size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
    if (begin != end) pending.emplace_back(path.substr(begin, end - begin));
    end = slash == std::string_view::npos ? 0 : slash;
  }
  return path.ends_with('/');
}

}  // namespace detail

// What `..` above the root and absolute link targets mean: refused, or (when the root is that of
// the whole file system) the root.
enum class AboveRoot : uint8_t { outside, root };

// Tree: `using Node`; `Sys<Node> enter(const Node&, const std::string& name)` opens a directory
// that is not a link (ENOTDIR otherwise); `Sys<std::optional<std::string>> link_target(const Node&,
// const std::string& name)` is nothing if the name is missing or not a link.
template <class Tree>
Sys<Located<typename Tree::Node>> walk(Tree& tree, typename Tree::Node root, std::string_view path,
                                       LastLink last_link,
                                       AboveRoot above_root = AboveRoot::outside) {
  if (path.empty()) return std::unexpected(ENOENT);
  if (path.front() == '/') return std::unexpected(kOutside);
  Located<typename Tree::Node> at;
  at.chain.push_back(std::move(root));
  std::vector<std::string> pending;
  // The components pushed first are the path's own last ones.
  at.must_be_directory = detail::push_components(path, pending);
  int expansions = 0;
  while (!pending.empty()) {
    std::string component = std::move(pending.back());
    pending.pop_back();
    bool last = pending.empty();
    if (component == "." || component == "..") {
      if (component == "..") {
        if (at.chain.size() != 1) {
          at.chain.pop_back();
        } else if (above_root == AboveRoot::outside) {
          return std::unexpected(kOutside);
        }
      }
      if (last) at.ends_in = component == "." ? EndsIn::dot : EndsIn::dot_dot;
      continue;
    }
    if (last && (last_link == LastLink::keep ||
                 (last_link == LastLink::if_slashed && !at.must_be_directory))) {
      at.name = std::move(component);
      break;
    }
    if (!last) {
      auto entered = tree.enter(at.chain.back(), component);
      if (entered) {
        at.chain.push_back(std::move(*entered));
        continue;
      }
      if (entered.error() != ENOTDIR && entered.error() != ELOOP) {
        return std::unexpected(entered.error());
      }
    }
    auto target = tree.link_target(at.chain.back(), component);
    if (!target) return std::unexpected(target.error());
    if (!*target) {
      if (!last) return std::unexpected(ENOTDIR);
      at.name = std::move(component);
      break;
    }
    if (++expansions > kMaxLinkExpansions) return std::unexpected(ELOOP);
    if ((*target)->empty()) return std::unexpected(ENOENT);
    if ((*target)->front() == '/') {
      if (above_root == AboveRoot::outside) return std::unexpected(kOutside);
      at.chain.erase(at.chain.begin() + 1, at.chain.end());
    }
    bool slashed = detail::push_components(**target, pending);
    if (last && slashed) at.must_be_directory = true;
  }
  return at;
}

// Whether a link at `depth` directories below the root would lead above it, read component by
// component (a target may still fail to resolve: its own links are judged when it is followed).
inline bool target_escapes(std::string_view target, size_t depth) {
  if (target.starts_with('/')) return true;
  std::vector<std::string> pending;
  detail::push_components(target, pending);
  for (; !pending.empty(); pending.pop_back()) {
    if (pending.back() == "..") {
      if (depth == 0) return true;
      --depth;
    } else if (pending.back() != ".") {
      ++depth;
    }
  }
  return false;
}

}  // namespace nacre::os
