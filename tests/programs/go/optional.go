// Looks for files that it can do without, in the ways of Go's library: prints what it found, and
// fails if anything but "not exist" comes back for one that it does not get.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

func told(what, path string, err error) {
	switch {
	case err == nil:
		fmt.Printf("%s %s: there\n", what, path)
	case errors.Is(err, fs.ErrNotExist):
		fmt.Printf("%s %s: not there\n", what, path)
	default:
		fmt.Printf("%s %s: %v\n", what, path, err)
		os.Exit(1)
	}
}

func main() {
	for _, path := range os.Args[1:] {
		_, err := os.ReadFile(path)
		told("ReadFile", path, err)
		_, err = os.OpenFile(path, os.O_RDWR, 0)
		told("OpenFile", path, err)
		_, err = os.Stat(path)
		told("Stat", path, err)
		_, err = os.Lstat(path)
		told("Lstat", path, err)
		_, err = os.Readlink(path)
		told("Readlink", path, err)
		_, err = os.ReadDir(path)
		told("ReadDir", path, err)
		told("Remove", path, os.Remove(path))
		told("Chtimes", path, os.Chtimes(path, time.Unix(0, 0), time.Unix(0, 0)))
	}
}
