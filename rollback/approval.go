package rollback

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// ApprovalKey signs the links by which an order can be decided on. Whoever
// holds a link may decide on that one order, while it waits for a person and
// has not expired, and on nothing else: once decided, the link is dead.
//
// See adr/0042.
type ApprovalKey []byte

// ErrLink is wrapped by every refusal of a link.
var ErrLink = errors.New("this link does not lead on")

// Token is what the link of a proposed order carries.
func (k ApprovalKey) Token(o Order) string {
	return base64.RawURLEncoding.EncodeToString(k.seal(o))
}

// Admits says whether a token lets its holder decide on the order at a moment.
// An order that waits no longer has used its token up.
func (k ApprovalKey) Admits(o Order, token string, now time.Time) error {
	given, err := base64.RawURLEncoding.DecodeString(token)
	switch {
	case err != nil || len(k) == 0 || !hmac.Equal(given, k.seal(o)):
		return fmt.Errorf("%w: it is not whole, or was not made here for this rollback", ErrLink)
	case o.State != Proposed:
		return fmt.Errorf("%w: the rollback is %s already", ErrLink, o.State)
	case !now.Before(o.ExpiresAt):
		return fmt.Errorf("%w: it expired at %s", ErrLink, o.ExpiresAt.UTC().Format("15:04 MST"))
	}
	return nil
}

// seal covers the order, what it would do, and until when.
func (k ApprovalKey) seal(o Order) []byte {
	h := hmac.New(sha256.New, k)
	h.Write([]byte("pushback approval\x00"))
	for _, part := range []string{o.Key, o.Hook, o.Target} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	var until [16]byte
	binary.BigEndian.PutUint64(until[:8], uint64(o.Epoch))
	binary.BigEndian.PutUint64(until[8:], uint64(o.ExpiresAt.UnixMicro()))
	h.Write(until[:])
	return h.Sum(nil)
}
