package main

import (
	"bytes"
	"testing"

	"github.com/pushback/pushback/internal/server/api"
)

func TestStorageIsShown(t *testing.T) {
	f := func(want string, s api.Storage) {
		t.Helper()
		var out bytes.Buffer
		if printStorage(terminal{Writer: &out}, s); out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	}
	f("database: 0.2 MB\n", api.Storage{Bytes: 163_840, GivesBack: true})
	kinds := []api.StorageKind{{Kind: "journal", Bytes: 391e6}, {Kind: "looks", Bytes: 240e6}, {Kind: "events", Bytes: 50e6}, {Kind: "changes", Bytes: 9e6}, {Kind: "watches", Bytes: 1e6}}
	f("database: 812.4 MB, +9.3 MB a day: journal 391.0 MB, looks 240.0 MB, events 50.0 MB, changes 9.0 MB\n"+
		"the next night deletes 1 change and 2 entries of the journal that are older than the retention\n",
		api.Storage{Bytes: 812_400_000, Free: 1000, GivesBack: true, GrowthPerDay: 9_300_000, Kinds: kinds, NextChanges: 1, NextEntries: 2})
	f("database: 12.0 GB, of which 9000.0 MB are free, -1.0 MB a day\nthe database's file keeps its free space: VACUUM it once, see docs/sizes.md\n",
		api.Storage{Bytes: 12e9, Free: 9e9, GrowthPerDay: -1e6})
}
