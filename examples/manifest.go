// Lists the files below a directory with size and SHA-256, in order of their paths; packs them into
// a .tar.gz, or unpacks one.
//
//	GOOS=wasip1 GOARCH=wasm go build -o manifest.wasm examples/manifest.go
//	nacre run --dir .::/ manifest.wasm list DIR | pack DIR OUT.tar.gz | unpack IN.tar.gz DIR
//
// Go looks every path up from the root, so the directory is granted as /.
package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// filesBelow gives the regular files below dir, sorted, with paths relative to it.
func filesBelow(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		relative, err := filepath.Rel(dir, path)
		files = append(files, relative)
		return err
	})
	return files, err
}

// describe gives one line of the manifest.
func describe(dir, name string) (string, error) {
	file, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	return fmt.Sprintf("%x %8d %s", hash.Sum(nil), size, name), err
}

// list hashes several files at a time and prints them in order.
func list(dir string) error {
	files, err := filesBelow(dir)
	if err != nil {
		return err
	}
	lines := make([]string, len(files))
	failures := make([]error, len(files))
	next := make(chan int)
	var workers sync.WaitGroup
	for worker := 0; worker < 4; worker++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for i := range next {
				lines[i], failures[i] = describe(dir, files[i])
			}
		}()
	}
	for i := range files {
		next <- i
	}
	close(next)
	workers.Wait()

	out := bufio.NewWriter(os.Stdout)
	for _, line := range lines {
		fmt.Fprintln(out, line)
	}
	return errors.Join(append(failures, out.Flush())...)
}

func pack(dir, output string) error {
	files, err := filesBelow(dir)
	if err != nil {
		return err
	}
	file, err := os.Create(output)
	if err != nil {
		return err
	}
	defer file.Close()
	packed := gzip.NewWriter(file)
	archive := tar.NewWriter(packed)
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		header := tar.Header{Name: filepath.ToSlash(name), Mode: 0o644, Size: int64(len(data))}
		if err := archive.WriteHeader(&header); err != nil {
			return err
		}
		if _, err := archive.Write(data); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), packed.Close())
}

func unpack(input, dir string) error {
	file, err := os.Open(input)
	if err != nil {
		return err
	}
	defer file.Close()
	packed, err := gzip.NewReader(bufio.NewReader(file))
	if err != nil {
		return err
	}
	archive := tar.NewReader(packed)
	for {
		header, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if !filepath.IsLocal(header.Name) {
			return fmt.Errorf("%s leaves the directory", header.Name)
		}
		path := filepath.Join(dir, header.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		out, err := os.Create(path)
		if err != nil {
			return err
		}
		if _, err := io.Copy(out, archive); err != nil {
			return err
		}
		if err := out.Close(); err != nil {
			return err
		}
	}
}

func main() {
	arguments := os.Args[1:]
	var err error
	switch {
	case len(arguments) == 2 && arguments[0] == "list":
		err = list(arguments[1])
	case len(arguments) == 3 && arguments[0] == "pack":
		err = pack(arguments[1], arguments[2])
	case len(arguments) == 3 && arguments[0] == "unpack":
		err = unpack(arguments[1], arguments[2])
	default:
		err = errors.New("usage: manifest list DIR | pack DIR OUT.tar.gz | unpack IN.tar.gz DIR")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "manifest:", err)
		os.Exit(1)
	}
}
