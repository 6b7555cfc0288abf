#include "host/memory_dir.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "host/file.h"
#include "host/memory_fs.h"

namespace nacre::host {
namespace {

class MemoryFile final : public File {
 public:
  MemoryFile(std::shared_ptr<MemoryFs> fs, NodePtr node, bool readable, bool writable,
             std::shared_ptr<const Grant> grant, std::string path)
      : File(readable, writable, std::move(grant), std::move(path)),
        fs_(std::move(fs)),
        node_(std::move(node)) {}

  HostResult<FileStat> stat() override {
    std::lock_guard lock(fs_->mutex);
    return stat_of(*node_);
  }
  HostResult<void> sync(bool) override { return {}; }
  HostResult<void> advise(uint64_t, uint64_t, Advice) override { return {}; }

 private:
  HostResult<size_t> do_read_at(std::span<const MutableBytes> to, uint64_t offset) override {
    std::lock_guard lock(fs_->mutex);
    size_t total = 0;
    for (MutableBytes bytes : to) {
      uint64_t at = offset + total;
      if (at >= node_->content.size()) break;
      size_t count = std::min<uint64_t>(bytes.size(), node_->content.size() - at);
      if (count != 0) std::memcpy(bytes.data(), node_->content.data() + at, count);
      total += count;
    }
    return total;
  }

  HostResult<size_t> do_write_at(std::span<const Bytes> from, uint64_t offset) override {
    std::lock_guard lock(fs_->mutex);
    return write_locked(from, offset);
  }

  HostResult<Appended> do_append(std::span<const Bytes> from) override {
    std::lock_guard lock(fs_->mutex);
    size_t written = HOST_TRY(write_locked(from, node_->content.size()));
    return Appended{written, node_->content.size()};
  }

  HostResult<void> do_set_size(uint64_t size_bytes) override {
    std::lock_guard lock(fs_->mutex);
    return from_sys(fs_->resize(*node_, size_bytes));
  }

  HostResult<void> do_allocate(uint64_t offset, uint64_t length) override {
    std::lock_guard lock(fs_->mutex);
    if (offset + length <= node_->content.size()) return {};
    return from_sys(fs_->resize(*node_, offset + length));
  }

  HostResult<void> do_set_times(const FileTimes& times) override {
    std::lock_guard lock(fs_->mutex);
    apply_times(*node_, times);
    return {};
  }

  HostResult<size_t> write_locked(std::span<const Bytes> from, uint64_t offset) {
    uint64_t length = 0;
    for (Bytes bytes : from) length += bytes.size();
    if (length == 0) return 0;
    uint64_t end;
    if (__builtin_add_overflow(offset, length, &end)) return failed(Errno::fbig);
    if (end > node_->content.size()) HOST_TRY(from_sys(fs_->resize(*node_, end)));
    touch(*node_);
    for (Bytes bytes : from) {
      if (!bytes.empty()) std::memcpy(node_->content.data() + offset, bytes.data(), bytes.size());
      offset += bytes.size();
    }
    return length;
  }

  std::shared_ptr<MemoryFs> fs_;
  NodePtr node_;
};

class MemoryDir final : public Dir {
 public:
  MemoryDir(std::shared_ptr<MemoryFs> fs, NodePtr node, std::shared_ptr<const Grant> grant,
            std::string path)
      : Dir(std::move(grant), std::move(path)), fs_(std::move(fs)), node_(std::move(node)) {}

  HostResult<FileStat> stat() override {
    std::lock_guard lock(fs_->mutex);
    return stat_of(*node_);
  }
  HostResult<void> sync(bool) override { return {}; }

 private:
  HostResult<HandlePtr> do_open(const std::string& path, const OpenOptions& options) override {
    std::lock_guard lock(fs_->mutex);
    NodePtr node = HOST_TRY(from_sys(fs_->open(node_, path, options)));
    if (node->type == FileType::directory) {
      return std::make_shared<MemoryDir>(fs_, node, grant(), display(path));
    }
    return std::make_shared<MemoryFile>(fs_, node, options.read || !options.write, options.write,
                                        grant(), display(path));
  }
  HostResult<FileStat> do_stat_at(const std::string& path, bool follow) override {
    std::lock_guard lock(fs_->mutex);
    return stat_of(*HOST_TRY(from_sys(fs_->find(node_, path, follow))));
  }
  HostResult<void> do_set_times_at(const std::string& path, bool follow,
                                   const FileTimes& times) override {
    std::lock_guard lock(fs_->mutex);
    apply_times(*HOST_TRY(from_sys(fs_->find(node_, path, follow))), times);
    return {};
  }
  HostResult<void> do_create_directory(const std::string& path) override {
    std::lock_guard lock(fs_->mutex);
    return from_sys(fs_->make_directory(node_, path));
  }
  HostResult<void> do_remove_directory(const std::string& path) override {
    std::lock_guard lock(fs_->mutex);
    return from_sys(fs_->remove_directory(node_, path));
  }
  HostResult<void> do_unlink_file(const std::string& path) override {
    std::lock_guard lock(fs_->mutex);
    return from_sys(fs_->unlink(node_, path));
  }
  HostResult<void> do_link(const std::string& from, bool follow, Dir& to_dir,
                           const std::string& to) override {
    std::lock_guard lock(fs_->mutex);
    return from_sys(fs_->link(node_, from, follow, static_cast<MemoryDir&>(to_dir).node_, to));
  }
  HostResult<void> do_rename(const std::string& from, Dir& to_dir, const std::string& to) override {
    std::lock_guard lock(fs_->mutex);
    return from_sys(fs_->rename(node_, from, static_cast<MemoryDir&>(to_dir).node_, to));
  }
  HostResult<void> do_create_symlink(const std::string& target, const std::string& path) override {
    std::lock_guard lock(fs_->mutex);
    return from_sys(fs_->make_symlink(target, node_, path));
  }
  HostResult<std::string> do_read_link(const std::string& path) override {
    std::lock_guard lock(fs_->mutex);
    return from_sys(fs_->read_link(node_, path));
  }
  HostResult<void> do_set_times(const FileTimes& times) override {
    std::lock_guard lock(fs_->mutex);
    apply_times(*node_, times);
    return {};
  }

  HostResult<std::vector<DirEntry>> do_read_entries(uint64_t cookie, size_t budget_bytes) override {
    std::lock_guard lock(fs_->mutex);
    std::vector<DirEntry> all;
    if (!node_->removed) {
      NodePtr above = node_->parent.lock();
      all.push_back({1, node_->inode, FileType::directory, "."});
      all.push_back({2, above ? above->inode : node_->inode, FileType::directory, ".."});
    }
    for (const auto& [name, entry] : node_->entries) {
      all.push_back({entry.sequence, entry.node->inode, entry.node->type, name});
    }
    std::erase_if(all, [&](const DirEntry& entry) { return entry.next_cookie <= cookie; });
    std::sort(all.begin(), all.end(),
              [](const DirEntry& a, const DirEntry& b) { return a.next_cookie < b.next_cookie; });
    size_t used = 0;
    size_t count = 0;
    while (count < all.size() && used < std::max<size_t>(budget_bytes, 1)) {
      used += 24 + all[count++].name.size();
    }
    all.resize(count);
    return all;
  }

  std::shared_ptr<MemoryFs> fs_;
  NodePtr node_;
};

}  // namespace

MemoryTree::MemoryTree(uint64_t max_bytes) : fs_(std::make_shared<MemoryFs>(max_bytes)) {}

std::shared_ptr<Dir> MemoryTree::open(std::shared_ptr<const Grant> grant) const {
  std::string name = grant->name();
  return std::make_shared<MemoryDir>(fs_, fs_->root, std::move(grant), std::move(name));
}

bool MemoryTree::put_directory(std::string_view path) {
  std::lock_guard lock(fs_->mutex);
  return fs_->make_directory(fs_->root, std::string(path)).has_value();
}

bool MemoryTree::put_file(std::string_view path, std::string_view content) {
  std::lock_guard lock(fs_->mutex);
  OpenOptions options{.write = true, .create = true, .truncate = true};
  auto node = fs_->open(fs_->root, std::string(path), options);
  if (!node || !fs_->resize(**node, content.size())) return false;
  std::copy(content.begin(), content.end(), (*node)->content.begin());
  return true;
}

bool MemoryTree::put_link(std::string_view path, std::string_view target) {
  std::lock_guard lock(fs_->mutex);
  auto place = fs_->locate(fs_->root, std::string(path), os::LastLink::keep);
  if (!place || place->name.empty()) return false;
  auto node = fs_->add(place->parent(), place->name, FileType::symbolic_link);
  if (!node) return false;
  (*node)->target = target;
  return true;
}

}  // namespace nacre::host
