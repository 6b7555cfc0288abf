#include "host/memory_fs.h"

#include <cerrno>
#include <utility>

#include "host/memory_dir.h"
#include "os/clock.h"

namespace nacre::host {
namespace {

constexpr size_t kMaxName = 255;

uint64_t now() { return os::clock_now(os::ClockKind::realtime).value_or(0); }

std::unexpected<int> error(int value) { return std::unexpected(value); }

bool is_dir(const NodePtr& node) { return node->type == FileType::directory; }
bool is_link(const NodePtr& node) { return node->type == FileType::symbolic_link; }

struct Tree {
  using Node = NodePtr;

  os::Sys<NodePtr> enter(const NodePtr& in, const std::string& name) {
    if (name.size() > kMaxName) return error(ENAMETOOLONG);
    NodePtr node = MemoryFs::child(in, name);
    if (!node) return error(ENOENT);
    if (!is_dir(node)) return error(ENOTDIR);
    return node;
  }

  os::Sys<std::optional<std::string>> link_target(const NodePtr& in, const std::string& name) {
    NodePtr node = MemoryFs::child(in, name);
    if (!node || !is_link(node)) return std::nullopt;
    return node->target;
  }
};

bool contains(const NodePtr& ancestor, NodePtr node) {
  for (; node; node = node->parent.lock()) {
    if (node == ancestor) return true;
  }
  return false;
}

}  // namespace

void touch(MemoryNode& node) { node.modified_time = node.change_time = now(); }

void apply_times(MemoryNode& node, const FileTimes& times) {
  uint64_t current = now();
  if (times.access) node.access_time = *times.access;
  if (times.access_now) node.access_time = current;
  if (times.modified) node.modified_time = *times.modified;
  if (times.modified_now) node.modified_time = current;
  node.change_time = current;
}

FileStat stat_of(const MemoryNode& node) {
  FileStat stat;
  stat.device = 1;
  stat.inode = node.inode;
  stat.type = node.type;
  stat.link_count = node.link_count;
  stat.size_bytes = node.type == FileType::symbolic_link ? node.target.size()
                    : node.type == FileType::directory   ? node.entries.size()
                                                         : node.content.size();
  stat.access_time = node.access_time;
  stat.modified_time = node.modified_time;
  stat.change_time = node.change_time;
  return stat;
}

MemoryFs::MemoryFs(uint64_t max_content_bytes) : max_bytes(max_content_bytes) {
  root = std::make_shared<MemoryNode>();
  root->type = FileType::directory;
  root->inode = ++nodes_made;
  root->link_count = 2;
  root->access_time = root->modified_time = root->change_time = now();
}

NodePtr MemoryFs::child(const NodePtr& parent, std::string_view name) {
  auto found = parent->entries.find(name);
  return found == parent->entries.end() ? nullptr : found->second.node;
}

void MemoryFs::insert(const NodePtr& parent, const std::string& name, const NodePtr& node) {
  parent->entries[name] = {parent->next_sequence++, node};
  if (is_dir(node)) {
    node->parent = parent;
    ++parent->link_count;
  }
  touch(*parent);
}

void MemoryFs::erase(const NodePtr& parent, const std::string& name) {
  auto found = parent->entries.find(name);
  NodePtr node = found->second.node;
  parent->entries.erase(found);
  touch(*parent);
  if (is_dir(node)) {
    --parent->link_count;
    node->link_count = 0;
    node->removed = true;
  } else {
    --node->link_count;
    node->change_time = now();
  }
  if (node->link_count == 0) {
    --nodes_alive;
    // An open file keeps its content; it no longer counts against those that can be reached.
    used_bytes -= node->content.size();
    node->removed = true;
  }
}

os::Sys<NodePtr> MemoryFs::add(const NodePtr& parent, const std::string& name, FileType type) {
  if (name.size() > kMaxName) return error(ENAMETOOLONG);
  if (parent->removed) return error(ENOENT);
  if (child(parent, name)) return error(EEXIST);
  if (nodes_alive >= MemoryTree::kMaxNodes) return error(ENOSPC);
  auto node = std::make_shared<MemoryNode>();
  node->type = type;
  node->inode = ++nodes_made;
  node->link_count = type == FileType::directory ? 2 : 1;
  node->access_time = node->modified_time = node->change_time = now();
  ++nodes_alive;
  insert(parent, name, node);
  return node;
}

os::Sys<void> MemoryFs::resize(MemoryNode& node, uint64_t size_bytes) {
  uint64_t old = node.content.size();
  if (size_bytes > max_bytes) return error(EFBIG);
  if (size_bytes > old && !node.removed && size_bytes - old > max_bytes - used_bytes) {
    return error(ENOSPC);
  }
  node.content.resize(size_bytes);
  if (!node.removed) used_bytes = used_bytes - old + size_bytes;
  touch(node);
  return {};
}

os::Sys<MemoryFs::Place> MemoryFs::locate(const NodePtr& from, const std::string& path,
                                          os::LastLink last_link) {
  Tree tree;
  os::Sys<Place> place = os::walk(tree, from, path, last_link);
  if (place && place->name.size() > kMaxName) return error(ENAMETOOLONG);
  return place;
}

os::Sys<NodePtr> MemoryFs::find(const NodePtr& from, const std::string& path, bool follow) {
  os::Sys<Place> place =
      locate(from, path, follow ? os::LastLink::follow : os::LastLink::if_slashed);
  if (!place) return error(place.error());
  if (place->name.empty()) return place->parent();
  NodePtr node = child(place->parent(), place->name);
  if (!node) return error(ENOENT);
  if (place->must_be_directory && !is_dir(node)) return error(ENOTDIR);
  return node;
}

os::Sys<NodePtr> MemoryFs::open(const NodePtr& from, const std::string& path,
                                const OpenOptions& options) {
  bool follow = options.follow && !(options.create && options.exclusive);
  os::LastLink last_link = follow ? os::LastLink::follow : os::LastLink::if_slashed;
  if (options.create && path.ends_with('/')) last_link = os::LastLink::keep;  // and then EISDIR
  os::Sys<Place> place = locate(from, path, last_link);
  if (!place) return error(place.error());
  bool to_directory = place->must_be_directory || options.directory;
  if (options.create && (place->name.empty() || place->must_be_directory)) {
    return error(options.exclusive && place->name.empty() ? EEXIST : EISDIR);
  }
  NodePtr node = place->name.empty() ? place->parent() : child(place->parent(), place->name);
  if (!node) {
    if (!options.create) return error(ENOENT);
    return add(place->parent(), place->name, FileType::regular_file);
  }
  if (options.create && options.exclusive) return error(EEXIST);
  if (is_link(node)) return error(to_directory ? ENOTDIR : ELOOP);
  if (to_directory && !is_dir(node)) return error(ENOTDIR);
  if (is_dir(node) && (options.write || options.truncate || options.create)) return error(EISDIR);
  if (options.truncate && !node->content.empty()) {
    os::Sys<void> emptied = resize(*node, 0);
    if (!emptied) return error(emptied.error());
  }
  return node;
}

os::Sys<void> MemoryFs::make_directory(const NodePtr& from, const std::string& path) {
  os::Sys<Place> place = locate(from, path, os::LastLink::keep);
  if (!place) return error(place.error());
  if (place->name.empty()) return error(EEXIST);
  os::Sys<NodePtr> made = add(place->parent(), place->name, FileType::directory);
  if (!made) return error(made.error());
  return {};
}

os::Sys<void> MemoryFs::remove_directory(const NodePtr& from, const std::string& path) {
  os::Sys<Place> place = locate(from, path, os::LastLink::keep);
  if (!place) return error(place.error());
  if (place->ends_in == os::EndsIn::dot) return error(EINVAL);
  if (place->ends_in == os::EndsIn::dot_dot) return error(ENOTEMPTY);
  NodePtr node = child(place->parent(), place->name);
  if (!node) return error(ENOENT);
  if (!is_dir(node)) return error(ENOTDIR);
  if (!node->entries.empty()) return error(ENOTEMPTY);
  erase(place->parent(), place->name);
  return {};
}

os::Sys<void> MemoryFs::unlink(const NodePtr& from, const std::string& path) {
  os::Sys<Place> place = locate(from, path, os::LastLink::keep);
  if (!place) return error(place.error());
  if (place->name.empty()) return error(EISDIR);
  NodePtr node = child(place->parent(), place->name);
  if (!node) return error(ENOENT);
  if (is_dir(node)) return error(EISDIR);
  if (place->must_be_directory) return error(ENOTDIR);
  erase(place->parent(), place->name);
  return {};
}

os::Sys<void> MemoryFs::link(const NodePtr& from_dir, const std::string& from, bool follow,
                             const NodePtr& to_dir, const std::string& to) {
  os::Sys<Place> source =
      locate(from_dir, from, follow ? os::LastLink::follow : os::LastLink::if_slashed);
  if (!source) return error(source.error());
  os::Sys<Place> target = locate(to_dir, to, os::LastLink::keep);
  if (!target) return error(target.error());
  if (source->name.empty()) return error(EPERM);
  NodePtr node = child(source->parent(), source->name);
  if (!node) return error(ENOENT);
  if (source->must_be_directory) return error(is_dir(node) ? EPERM : ENOTDIR);
  if (target->name.empty()) return error(EEXIST);
  if (target->parent()->removed) return error(ENOENT);
  bool exists = child(target->parent(), target->name) != nullptr;
  if (exists) return error(EEXIST);
  if (target->must_be_directory) return error(ENOENT);
  if (is_dir(node)) return error(EPERM);
  ++node->link_count;
  node->change_time = now();
  insert(target->parent(), target->name, node);
  return {};
}

os::Sys<void> MemoryFs::rename(const NodePtr& from_dir, const std::string& from,
                               const NodePtr& to_dir, const std::string& to) {
  os::Sys<Place> source = locate(from_dir, from, os::LastLink::keep);
  if (!source) return error(source.error());
  os::Sys<Place> target = locate(to_dir, to, os::LastLink::keep);
  if (!target) return error(target.error());
  if (source->name.empty() || target->name.empty()) return error(EBUSY);
  NodePtr node = child(source->parent(), source->name);
  if (!node) return error(ENOENT);
  if (target->parent()->removed) return error(ENOENT);
  bool slashed = source->must_be_directory || target->must_be_directory;
  if (slashed && !is_dir(node)) return error(ENOTDIR);
  NodePtr replaced = child(target->parent(), target->name);
  if (replaced == node) return {};
  if (is_dir(node) && contains(node, target->parent())) return error(EINVAL);
  if (replaced) {
    if (is_dir(replaced) && contains(replaced, source->parent())) return error(ENOTEMPTY);
    if (is_dir(node) && !is_dir(replaced)) return error(ENOTDIR);
    if (!is_dir(node) && is_dir(replaced)) return error(EISDIR);
    if (is_dir(replaced) && !replaced->entries.empty()) return error(ENOTEMPTY);
    erase(target->parent(), target->name);
  }
  source->parent()->entries.erase(source->name);
  if (is_dir(node)) --source->parent()->link_count;
  touch(*source->parent());
  insert(target->parent(), target->name, node);
  node->change_time = now();
  return {};
}

size_t MemoryFs::depth_of(const NodePtr& node) const {
  size_t depth = 0;
  for (NodePtr at = node; at && at != root; at = at->parent.lock()) ++depth;
  return depth;
}

os::Sys<void> MemoryFs::make_symlink(const std::string& target, const NodePtr& from,
                                     const std::string& path) {
  if (target.empty()) return error(ENOENT);
  os::Sys<Place> place = locate(from, path, os::LastLink::keep);
  if (!place) return error(place.error());
  if (os::target_escapes(target, depth_of(place->parent()))) return error(os::kOutside);
  if (place->name.empty()) return error(EEXIST);
  if (place->must_be_directory) {
    return error(child(place->parent(), place->name) ? EEXIST : ENOENT);
  }
  os::Sys<NodePtr> made = add(place->parent(), place->name, FileType::symbolic_link);
  if (!made) return error(made.error());
  (*made)->target = target;
  return {};
}

os::Sys<std::string> MemoryFs::read_link(const NodePtr& from, const std::string& path) {
  os::Sys<NodePtr> node = find(from, path, false);
  if (!node) return error(node.error());
  if (!is_link(*node)) return error(EINVAL);
  return (*node)->target;
}

}  // namespace nacre::host
