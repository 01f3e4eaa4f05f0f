package web

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"sync"
)

// Assets are the styles, scripts and pictures of the pages.
func Assets() fs.FS {
	sub, err := fs.Sub(files, "assets")
	if err != nil {
		panic(err) // the folder is in the program
	}
	return sub
}

// assetVersions are the versions of all assets, by name.
var assetVersions = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	_ = fs.WalkDir(Assets(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(Assets(), name)
		sum := sha256.Sum256(text)
		all[name] = hex.EncodeToString(sum[:6])
		return err
	})
	return all
})

// AssetVersion names what an asset contains, "" if there is none of that name.
func AssetVersion(name string) string { return assetVersions()[name] }

// assetURL is the address of an asset in a page. It changes with the asset, so that browsers
// may keep what they have, and no page meets the script of another version.
func assetURL(name string) string { return "/assets/" + name + "?v=" + AssetVersion(name) }
