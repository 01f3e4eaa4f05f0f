package rollback

import (
	"strings"
	"time"

	"github.com/pushback/pushback/internal/secret"
	"github.com/pushback/pushback/sources"
)

// MaxOutput is how much of a hook's output is stored, in bytes.
const MaxOutput = 64 << 10

// Receipt is the answer of a hook. The function Output makes the field Output.
type Receipt struct {
	At     time.Time `json:"at"`
	Status string    `json:"status"` // "200 OK", "exit 0"
	Output string    `json:"output,omitempty"`
	PGID   int       `json:"pgid,omitempty"`   // a command's process group
	Handle string    `json:"handle,omitempty"` // by which a Resumer finds what Do started
}

// Output makes the output of a hook safe to store and to show on a terminal or
// a page: at most MaxOutput bytes of valid UTF-8, without control characters
// other than tab and newline, without characters that nobody sees, and without the tokens of
// approval links, which a tool may have got in a message.
func Output(raw string) string {
	text := strings.Map(func(r rune) rune {
		if sources.Invisible(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(raw, ""))
	text = secret.BlotLinks(text)
	if len(text) > MaxOutput {
		text = strings.ToValidUTF8(text[:MaxOutput], "")
	}
	return text
}
