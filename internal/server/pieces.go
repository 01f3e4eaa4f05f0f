package server

import (
	"errors"
	"io"
)

// piece is a part of a body that is being read.
type piece [32 << 10]byte

// pieces are those that nobody uses: as many as all bodies may hold, twice.
var pieces = make(chan *piece, 2*maxBytes/len(piece{}))

func takePiece() *piece {
	select {
	case p := <-pieces:
		return p
	default:
		return new(piece)
	}
}

func giveBack(all []*piece) {
	for _, p := range all {
		select {
		case pieces <- p:
		default:
			return
		}
	}
}

// readPieces reads a body into pieces that are used again, and joins them when all is there. A
// buffer that grows leaves several times the body behind, and of bodies that strangers begin and
// do not end, so that a thousand of those took more memory than all that bodies may hold.
func readPieces(r io.Reader) (body []byte, n int, err error) {
	var all []*piece
	defer func() { giveBack(all) }()
	for err == nil {
		if n == len(all)*len(piece{}) {
			all = append(all, takePiece())
		}
		var more int
		more, err = r.Read(all[len(all)-1][n%len(piece{}):])
		n += more
	}
	if !errors.Is(err, io.EOF) {
		return nil, n, err
	}
	body = make([]byte, 0, n)
	for _, p := range all {
		body = append(body, p[:min(len(p), n-len(body))]...)
	}
	return body, n, nil
}
