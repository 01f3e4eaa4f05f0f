package picturing

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/pushback/pushback/sources"
)

// LinkKey signs the addresses of pictures that stand in comments on pull requests. GitHub and GitLab fetch them for
// their readers and have no token for it. Whoever has such an address sees the picture of one change, as it is then,
// until the address ends; it opens nothing else.
//
// See adr/0129.
type LinkKey []byte

// LinksLast is how long after its change an address is valid.
const LinksLast = 90 * 24 * time.Hour

// ErrInvalidLink is the refusal of an address, for people. It is the same for all that can be wrong with it.
var ErrInvalidLink = errors.New("there is no picture at this address, or the address has ended")

// linkDay is how the end of an address is written.
const linkDay = "20060102"

// The files that an address may name. They differ in the colours alone.
const (
	LightFile = "light.png"
	DarkFile  = "dark.png"
)

// Path is the address of the picture of a change that began at a time, without the host.
func (k LinkKey) Path(changeKey string, began time.Time, dark bool) string {
	file := LightFile
	if dark {
		file = DarkFile
	}
	until := began.Add(LinksLast).UTC().Format(linkDay)
	return "/pictures/" + changeKey + "/" + until + "/" + k.sign(changeKey, until) + "/" + file
}

// Check checks the parts of an address at the time now.
func (k LinkKey) Check(changeKey, until, signature, file string, now time.Time) error {
	end, err := time.Parse(linkDay, until)
	switch {
	case len(k) == 0 || !sources.IsKey(changeKey) || !hmac.Equal([]byte(signature), []byte(k.sign(changeKey, until))):
	case err != nil || !now.Before(end.AddDate(0, 0, 1)):
	case file != LightFile && file != DarkFile:
	default:
		return nil
	}
	return ErrInvalidLink
}

// sign returns 128 bits, which nobody guesses over a network.
func (k LinkKey) sign(changeKey, until string) string {
	h := hmac.New(sha256.New, k)
	h.Write([]byte("pushback picture\x00" + changeKey + "\x00" + until))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}
