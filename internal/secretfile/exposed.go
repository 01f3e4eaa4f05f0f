package secretfile

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Exposed says who else may read or change a secret's file, "" for nobody, and how to mend it.
//
// A file that belongs to somebody else may be readable by its group, because that is how
// Pushback reads it. Files that a container's runtime mounts are not looked at: Kubernetes (a
// link through ..data) and Docker (/run/secrets) write them 0644 or 0444 into a file system
// that only the container sees.
func Exposed(path string) (who, fix string) {
	if mounted(path) {
		return "", ""
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", ""
	}
	info, err := os.Stat(real)
	if err != nil {
		return "", ""
	}
	if who := openTo(info); who != "" {
		return who, "chmod 600 " + path
	}
	folder := filepath.Dir(real)
	if info, err = os.Stat(folder); err == nil && info.Mode().Perm()&0o002 != 0 && info.Mode()&os.ModeSticky == 0 {
		return "every user of this host may replace it", "chmod o-w " + folder
	}
	return "", ""
}

// openTo says who may do with a file what its owner alone should.
func openTo(info os.FileInfo) string {
	owner, known := info.Sys().(*syscall.Stat_t)
	ours := !known || int(owner.Uid) == os.Geteuid()
	switch mode := info.Mode().Perm(); {
	case mode&0o002 != 0:
		return "every user of this host may change it"
	case mode&0o004 != 0:
		return "every user of this host may read it"
	case mode&0o020 != 0:
		return "its group may change it"
	case mode&0o040 != 0 && ours:
		return "its group may read it"
	}
	return ""
}

// mounted says whether a container's runtime has put the file there.
func mounted(path string) bool {
	if target, err := os.Readlink(path); err == nil && strings.HasPrefix(target, "..data/") {
		version, err := os.Readlink(filepath.Join(filepath.Dir(path), "..data"))
		return err == nil && strings.HasPrefix(version, "..")
	}
	real, err := filepath.EvalSymlinks(path)
	return err == nil && strings.HasPrefix(real, "/run/secrets/")
}
