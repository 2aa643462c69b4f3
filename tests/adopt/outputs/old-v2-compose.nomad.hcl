# Nomad counts processors in MHz: 2000 stand for a whole one.
job "old-v2" {
  datacenters = ["dc1"]
  type        = "service"

  group "old-v2" {
    network {
      mode = "bridge"
    }

    volume "mongo" {
      type   = "host"
      source = "old-v2-mongo"
    }

    restart {
      attempts = 3
      interval = "30m"
      delay    = "15s"
      mode     = "fail"
    }

    service {
      name         = "my-db"
      provider     = "nomad"
      port         = "27017"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "27017"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
    }

    task "base" {
      driver = "docker"

      config {
        image = "alpine:3.20"
        extra_hosts = [
          "app-server:127.0.0.1",
          "app_server:127.0.0.1",
          "base:127.0.0.1",
          "database:127.0.0.1",
          "my-db:127.0.0.1",
          "my_db:127.0.0.1",
        ]
        labels = {
          "origin" = "base"
        }
      }

      env {
        LANG = "C.UTF-8"
      }

      restart {
        attempts = 0
        mode     = "fail"
      }

      resources {
        memory = 128
      }
    }

    task "my-db" {
      driver = "docker"

      config {
        image = "mongo:4.4"
        extra_hosts = [
          "app-server:127.0.0.1",
          "app_server:127.0.0.1",
          "base:127.0.0.1",
          "database:127.0.0.1",
          "my-db:127.0.0.1",
          "my_db:127.0.0.1",
        ]
      }

      volume_mount {
        volume      = "mongo"
        destination = "/data/db"
      }

      restart {
        attempts = 0
        mode     = "fail"
      }

      resources {
        memory = 1024
      }
    }

    task "app-server" {
      driver      = "docker"
      kill_signal = "SIGINT"

      config {
        image = "registry.lan:5000/me/app:1.4"
        args  = ["./run.sh", "--name", "two words", "--key", "$HOME"]
        extra_hosts = [
          "app-server:127.0.0.1",
          "app_server:127.0.0.1",
          "base:127.0.0.1",
          "database:127.0.0.1",
          "my-db:127.0.0.1",
          "my_db:127.0.0.1",
        ]
        labels = {
          "origin" = "base"
          "tier"   = "web"
        }
      }

      env {
        DEBUG = "1"
        LANG  = "de_AT.UTF-8"
      }

      volume_mount {
        volume      = "mongo"
        destination = "/data/db"
        read_only   = true
      }

      resources {
        cpu        = 3000
        memory     = 64
        memory_max = 128
      }
    }
  }
}
