package rollback

import (
	"strings"
	"time"
	"unicode"
)

// MaxOutput is how much of what a hook said is kept, in bytes.
const MaxOutput = 64 << 10

// Receipt is what a hook answered. Output is made by the function Output.
type Receipt struct {
	At     time.Time `json:"at"`
	Status string    `json:"status"` // "200 OK", "exit 0"
	Output string    `json:"output,omitempty"`
	PGID   int       `json:"pgid,omitempty"`   // a command's process group
	Handle string    `json:"handle,omitempty"` // what a Resumer finds again by, what was set going
}

// Output makes what a hook said fit for the store, a terminal and a page: at
// most MaxOutput bytes of valid UTF-8, and no control characters but tab and
// newline.
func Output(said string) string {
	said = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(said, ""))
	if len(said) > MaxOutput {
		said = strings.ToValidUTF8(said[:MaxOutput], "")
	}
	return said
}
