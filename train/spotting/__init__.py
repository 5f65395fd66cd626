"""Teaching the learned spotter: tracks of faces, what is put into them, the network and its fit."""
