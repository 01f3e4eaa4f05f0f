package server

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// Bodies of all lengths around those of pieces are read whole, however they come.
func TestPiecesAreJoined(t *testing.T) {
	random := make([]byte, 3*len(piece{})+1)
	_, _ = rand.NewChaCha8([32]byte{}).Read(random)
	for _, n := range []int{0, 1, len(piece{}) - 1, len(piece{}), len(piece{}) + 1, 2 * len(piece{}), len(random)} {
		for name, r := range map[string]io.Reader{
			"at once": bytes.NewReader(random[:n]), "by halves": iotest.HalfReader(bytes.NewReader(random[:n])),
			"with its end": iotest.DataErrReader(bytes.NewReader(random[:n])),
		} {
			body, read, err := readPieces(r)
			if err != nil || read != n || !bytes.Equal(body, random[:n]) {
				t.Errorf("%d bytes that come %s: %d, %v", n, name, read, err)
			}
		}
	}
	cut := errors.New("cut")
	body, n, err := readPieces(io.MultiReader(bytes.NewReader(random[:40_000]), iotest.ErrReader(cut)))
	if body != nil || n != 40_000 || !errors.Is(err, cut) {
		t.Errorf("of a body that was cut %d of %d bytes are given, %v", len(body), n, err)
	}
}

// What strangers begin and do not end leaves next to nothing behind.
func TestBrokenBodiesLeaveNothing(t *testing.T) {
	large := make([]byte, 1<<20)
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _, _ = readPieces(io.MultiReader(bytes.NewReader(large), iotest.ErrReader(io.ErrUnexpectedEOF)))
		}
	}).AllocedBytesPerOp()
	if allocated > 64<<10 {
		t.Errorf("a broken body of a MiB leaves %d bytes", allocated)
	}
}
