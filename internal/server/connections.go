package server

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// maxConnections bounds the connections that are open at once. A connection costs some tens
// of kilobytes, whoever opened it.
const maxConnections = 4000

// connections closes the connection that has waited longest for a request where there are too
// many, so that idle strangers cannot keep others out.
type connections struct {
	mu      sync.Mutex
	open    int
	waiting list.List // of net.Conn, the one that waits longest first
	places  map[net.Conn]*list.Element
}

// changed is an http.Server's ConnState.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(conn)
	switch state {
	case http.StateNew:
		c.open++
		c.wait(conn)
	case http.StateIdle:
		c.wait(conn)
	case http.StateClosed, http.StateHijacked:
		c.open--
	case http.StateActive:
	}
	if oldest := c.waiting.Front(); c.open > maxConnections && oldest != nil {
		closed := oldest.Value.(net.Conn)
		c.forget(closed)
		go closed.Close() //nolint:errcheck // TLS says goodbye to its client, which may take seconds
	}
}

func (c *connections) wait(conn net.Conn) {
	if c.places == nil {
		c.places = map[net.Conn]*list.Element{}
	}
	c.places[conn] = c.waiting.PushBack(conn)
}

// forget takes a connection from those that wait.
func (c *connections) forget(conn net.Conn) {
	if place := c.places[conn]; place != nil {
		c.waiting.Remove(place)
		delete(c.places, conn)
	}
}
