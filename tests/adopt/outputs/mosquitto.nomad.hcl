job "mosquitto" {
  datacenters = ["dc1"]
  type        = "service"

  group "mosquitto" {
    network {
      mode = "bridge"

      port "mqtt" {
        static = 1883
        to     = 1883
      }

      port "port9001" {
        static = 9001
        to     = 9001
      }
    }

    volume "mosquitto-config" {
      type   = "host"
      source = "mosquitto-config"
    }

    volume "mosquitto-data" {
      type   = "host"
      source = "mosquitto-data"
    }

    volume "mosquitto-log" {
      type   = "host"
      source = "mosquitto-log"
    }

    restart {
      attempts = 5
      interval = "30m"
      delay    = "15s"
      mode     = "fail"
    }

    service {
      name     = "mosquitto"
      provider = "nomad"
      port     = "mqtt"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "mosquitto" {
      driver = "docker"
      user   = "1883"

      config {
        image = "eclipse-mosquitto:2"
      }

      env {
        VERSION = "2.0.22"
      }

      volume_mount {
        volume      = "mosquitto-config"
        destination = "/mosquitto/config"
      }

      volume_mount {
        volume      = "mosquitto-data"
        destination = "/mosquitto/data"
      }

      volume_mount {
        volume      = "mosquitto-log"
        destination = "/mosquitto/log"
      }

      resources {
        memory = 512
      }
    }
  }
}
