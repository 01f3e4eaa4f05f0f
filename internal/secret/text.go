package secret

import (
	"fmt"
	"io"
)

// Mark is what is shown in the place of a secret.
const Mark = "[secret]"

// Text is a secret. It prints as [secret] with every verb, in JSON, in logs and in a panic,
// so that a value that holds one can be printed. Reveal returns what it is.
type Text string

// Reveal returns the secret itself, for the one place that sends or compares it.
func (t Text) Reveal() string { return string(t) }

// Bytes returns the secret itself as a key.
func (t Text) Bytes() []byte { return []byte(t) }

// String is [secret].
func (Text) String() string { return Mark }

// GoString is [secret], for %#v.
func (Text) GoString() string { return Mark }

// Format writes [secret] for every verb, such as %x, which would print the bytes.
func (Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Mark) }

// MarshalText writes [secret] in JSON, YAML and logs.
func (Text) MarshalText() ([]byte, error) { return []byte(Mark), nil }
