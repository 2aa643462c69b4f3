job "unifi" {
  datacenters = ["dc1"]
  type        = "service"

  group "unifi" {
    network {
      mode = "bridge"

      port "port1900" {
        static = 1900
        to     = 1900
      }

      port "port3478" {
        static = 3478
        to     = 3478
      }

      port "port5514" {
        static = 5514
        to     = 5514
      }

      port "port6789" {
        static = 6789
        to     = 6789
      }

      port "port8080" {
        static = 8080
        to     = 8080
      }

      port "port8443" {
        static = 8443
        to     = 8443
      }

      port "port8843" {
        static = 8843
        to     = 8843
      }

      port "port8880" {
        static = 8880
        to     = 8880
      }

      port "port10001" {
        static = 10001
        to     = 10001
      }
    }

    volume "unifi-db-configdb" {
      type   = "host"
      source = "unifi-db-configdb"
    }

    volume "unifi-db-data" {
      type   = "host"
      source = "unifi-db-data"
    }

    volume "unifi-network-application-config" {
      type   = "host"
      source = "unifi-network-application-config"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name         = "unifi-db"
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

    service {
      name     = "unifi-network-application"
      provider = "nomad"
      port     = "port8080"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "unifi-db" {
      driver = "docker"

      config {
        image       = "docker.io/mongo:7.0"
        extra_hosts = ["unifi-db:127.0.0.1", "unifi-network-application:127.0.0.1"]
        volumes     = ["/opt/stacks/unifi/init-mongo.sh:/docker-entrypoint-initdb.d/init-mongo.sh:ro"]
      }

      env {
        MONGO_INITDB_ROOT_USERNAME = "root"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/unifi/unifi/unifi-db" }}
MONGO_INITDB_ROOT_PASSWORD={{ .MONGO_INITDB_ROOT_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "unifi-db-configdb"
        destination = "/data/configdb"
      }

      volume_mount {
        volume      = "unifi-db-data"
        destination = "/data/db"
      }

      resources {
        memory = 512
      }
    }

    task "unifi-network-application" {
      driver = "docker"

      config {
        image       = "lscr.io/linuxserver/unifi-network-application:9.4.19"
        extra_hosts = ["unifi-db:127.0.0.1", "unifi-network-application:127.0.0.1"]
      }

      env {
        MEM_LIMIT        = "1024"
        MEM_STARTUP      = "1024"
        MONGO_AUTHSOURCE = "admin"
        MONGO_DBNAME     = "unifi"
        MONGO_HOST       = "unifi-db"
        MONGO_PORT       = "27017"
        MONGO_USER       = "unifi"
        PGID             = "1000"
        PUID             = "1000"
        TZ               = "Etc/UTC"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/unifi/unifi/unifi-network-application" }}
MONGO_PASS={{ .MONGO_PASS.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "unifi-network-application-config"
        destination = "/config"
      }

      resources {
        memory = 512
      }
    }
  }
}
