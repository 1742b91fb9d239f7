// Notecheck reads a folder as `readback export` writes it and checks its logs with
// golang.org/x/mod/sumdb/note and sumdb/tlog. It shares no code with Readback, so that the two
// can only agree by both following the published formats.
//
//	notecheck FOLDER
//
// For each feed it prints one line. Exit status: 0 all holds, 1 something does not (named on
// standard error), 2 wrong usage.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: notecheck FOLDER")
		os.Exit(2)
	}
	lines, err := checkFolder(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "notecheck:", err)
		os.Exit(1)
	}
	for _, l := range lines {
		fmt.Println(l)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// checkFolder checks every feed below root: a folder with a checkpoint or a log key.
func checkFolder(root string) ([]string, error) {
	dirs, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	mirrors, err := readMirrors(root, dirs)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, d := range dirs {
		path := filepath.Join(root, d.Name())
		if !d.IsDir() || !(exists(filepath.Join(path, "checkpoint")) || exists(filepath.Join(path, "log.vkey"))) {
			continue
		}
		line, err := checkFeed(path, mirrors)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name(), err)
		}
		lines = append(lines, d.Name()+": "+line)
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s: no feed here", root)
	}
	sort.Strings(lines)
	return lines, nil
}
