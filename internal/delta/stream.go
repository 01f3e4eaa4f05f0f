package delta

import (
	"encoding/binary"
	"errors"
)

var errBroken = errors.New("its content makes no sense")

// stream is bytes that are read from the front.
type stream struct {
	rest []byte
	size int // of all that there was
	err  error
}

func newStream(b []byte) stream { return stream{rest: b, size: len(b)} }

func (s *stream) fail(err error) {
	if s.err == nil {
		s.err = err
	}
	s.rest = nil
}

func (s *stream) byte() byte {
	if len(s.rest) == 0 {
		s.fail(errBroken)
		return 0
	}
	b := s.rest[0]
	s.rest = s.rest[1:]
	return b
}

func (s *stream) varint() int64 {
	x, n := binary.Varint(s.rest)
	s.skip(n)
	return x
}

func (s *stream) uvarint() uint64 {
	x, n := binary.Uvarint(s.rest)
	s.skip(n)
	return x
}

func (s *stream) skip(n int) {
	if n <= 0 {
		s.fail(errBroken)
		return
	}
	s.rest = s.rest[n:]
}

// bytes reads n bytes, the lowest first.
func (s *stream) bytes(n int) (b uint64) {
	if n > len(s.rest) {
		s.fail(errBroken)
		return 0
	}
	for i := range n {
		b |= uint64(s.rest[i]) << (8 * i)
	}
	s.rest = s.rest[n:]
	return b
}

func (s *stream) text() string {
	n := s.uvarint()
	if n > uint64(len(s.rest)) {
		s.fail(errBroken)
		return ""
	}
	text := string(s.rest[:n])
	s.rest = s.rest[n:]
	return text
}
