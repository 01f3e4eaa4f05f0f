package web

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"strings"
	"sync"
)

// EachAsset gives do every style, script and picture of the pages: "uplot/uPlot.min.css" and
// what is in it.
func EachAsset(do func(name string, text []byte)) {
	const folder = "assets"
	err := fs.WalkDir(files, folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := files.ReadFile(path)
		do(strings.TrimPrefix(path, folder+"/"), text)
		return err
	})
	if err != nil {
		panic(err) // the folder is in the program
	}
}

// assetVersions are the versions of all assets, by name.
var assetVersions = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	EachAsset(func(name string, text []byte) {
		sum := sha256.Sum256(text)
		all[name] = hex.EncodeToString(sum[:6])
	})
	return all
})

// AssetVersion names what an asset contains, "" if there is none of that name.
func AssetVersion(name string) string { return assetVersions()[name] }

// assetURL is the address of an asset in a page. It changes with the asset, so that browsers
// may keep what they have, and no page meets the script of another version.
func assetURL(name string) string { return "/assets/" + name + "?v=" + AssetVersion(name) }
