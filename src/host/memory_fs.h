// The nodes behind MemoryTree, and the operations on them as the kernel would do them. Private to
// host/memory_*.cc. Errors are errno values or os::kOutside; callers hold MemoryFs::mutex.
#pragma once

#include <sys/stat.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "host/dir.h"
#include "os/dir_walk.h"

namespace nacre::host {

struct MemoryNode;
using NodePtr = std::shared_ptr<MemoryNode>;

struct MemoryNode {
  FileType type = FileType::regular_file;
  uint64_t inode = 0;
  uint64_t link_count = 1;
  uint64_t access_time = 0;
  uint64_t modified_time = 0;
  uint64_t change_time = 0;
  std::vector<uint8_t> content;  // files
  std::string target;            // links
  // Directories. An entry keeps its sequence number for life: it is the readdir cookie.
  struct Entry {
    uint64_t sequence;
    NodePtr node;
  };
  std::map<std::string, Entry, std::less<>> entries;
  std::weak_ptr<MemoryNode> parent;
  uint64_t next_sequence = 3;  // 1 is `.`, 2 is `..`
  bool removed = false;
};

struct MemoryFs : std::enable_shared_from_this<MemoryFs> {
  using Place = os::Located<NodePtr>;

  explicit MemoryFs(uint64_t max_content_bytes);

  os::Sys<Place> locate(const NodePtr& root, const std::string& path, os::LastLink last_link);
  // The node that a path names, links followed as said.
  os::Sys<NodePtr> find(const NodePtr& root, const std::string& path, bool follow);

  os::Sys<NodePtr> open(const NodePtr& from, const std::string& path, const OpenOptions& options);
  os::Sys<void> make_directory(const NodePtr& from, const std::string& path);
  os::Sys<void> remove_directory(const NodePtr& from, const std::string& path);
  os::Sys<void> unlink(const NodePtr& from, const std::string& path);
  os::Sys<void> link(const NodePtr& from_dir, const std::string& from, bool follow,
                     const NodePtr& to_dir, const std::string& to);
  os::Sys<void> rename(const NodePtr& from_dir, const std::string& from, const NodePtr& to_dir,
                       const std::string& to);
  os::Sys<void> make_symlink(const std::string& target, const NodePtr& from,
                             const std::string& path);
  os::Sys<std::string> read_link(const NodePtr& from, const std::string& path);

  os::Sys<void> resize(MemoryNode& node, uint64_t size_bytes);
  os::Sys<NodePtr> add(const NodePtr& parent, const std::string& name, FileType type);
  void insert(const NodePtr& parent, const std::string& name, const NodePtr& node);
  void erase(const NodePtr& parent, const std::string& name);
  static NodePtr child(const NodePtr& parent, std::string_view name);

  std::mutex mutex;
  NodePtr root;
  uint64_t max_bytes;
  uint64_t used_bytes = 0;
  uint64_t nodes_made = 0;
  uint64_t nodes_alive = 0;

 private:
  size_t depth_of(const NodePtr& node) const;
};

FileStat stat_of(const MemoryNode& node);
void apply_times(MemoryNode& node, const FileTimes& times);
void touch(MemoryNode& node);

}  // namespace nacre::host
