"""Measurements that anyone can repeat: ours and peers side by side in the same run. See README.md here."""
